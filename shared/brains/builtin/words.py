"""The English the built-in brain knows: plain data, no logic.

Covered: names of measures, comparisons, superlatives, demonyms, months, abbreviations found in column names, and the
words that may be left over in a question without changing what it asks. Not covered: everything else, and a question with a word that is not
here and not in the table is refused rather than guessed.
"""

MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
MONTH_NUMBER = {m: i + 1 for i, m in enumerate(MONTHS)} | {m[:3]: i + 1 for i, m in enumerate(MONTHS) if m != "may"} | {"sept": 9}
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

CARDINALS = {
    w: i for i, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "dozen": 12}  # fmt: skip
ORDINALS = {w: i + 1 for i, w in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split())}

# Words of one meaning, brought to one form before anything is compared. Each word is compared after stemming.
SAME = {
    "temperature": "temp", "temperatures": "temp", "maximum": "max", "minimum": "min", "maximal": "max", "minimal": "min",
    "yr": "year", "yrs": "year", "num": "number", "pct": "percent", "percentage": "percent",
    "qty": "quantity", "amt": "amount", "dept": "department", "lat": "latitude", "lon": "longitude", "lng": "longitude", "long": "longitude",
    "educ": "education", "pop": "population", "emp": "employment", "husb": "husband", "colour": "color", "colours": "color",
    "neighbourhood": "neighborhood", "neighbourhoods": "neighborhood", "firm": "company", "firms": "company", "companies": "company",
    "corporation": "company", "corporations": "company", "rating": "rate", "ratings": "rate", "rated": "rate", "company": "company",
    "ticker": "symbol", "tickers": "symbol", "infl": "inflation", "unemp": "unemployment", "gdp": "gdp", "govt": "government", "gov": "government",
    "airline": "carrier", "airlines": "carrier", "spending": "expenditure", "spend": "expenditure", "spends": "expenditure", "spent": "expenditure", "expense": "expenditure", "expenses": "expenditure", "sex": "gender", "genders": "gender", "sexes": "gender", "kids": "child", "kid": "child", "children": "child",
    "salary": "income", "salaries": "income", "wage": "income", "wages": "income", "earnings": "income", "earning": "income",
    "precip": "precipitation", "rainfall": "precipitation", "dob": "birth", "grad": "graduate", "graduates": "graduate", "graduation": "graduate",
    "cost": "price", "costs": "price", "metre": "meter", "metres": "meter", "litre": "liter", "sqft": "squarefeet", "aluminium": "aluminum",
    "cat": "category", "desc": "description", "addr": "address", "tel": "phone", "cnt": "count", "avg": "mean", "average": "mean",
    "std": "std", "dev": "deviation", "mins": "minute", "hrs": "hour", "hr": "hour", "wt": "weight", "ht": "height", "dist": "distance",
    "cons": "consumption", "inv": "investment", "dpi": "dpi", "int": "interest", "vol": "volume", "rev": "revenue", "prod": "product",
    "cust": "customer", "mfg": "manufacturing", "orig": "origin", "dest": "destination", "cyl": "cylinder", "disp": "displacement",
    "accel": "acceleration", "gen": "generation", "lbs": "pound", "lb": "pound", "pounds": "pound", "weigh": "weight", "weighs": "weight",
    "weighing": "weight", "weighed": "weight", "aged": "age", "ages": "age", "towns": "city", "town": "city", "cities": "city",
    "states": "state", "species": "species", "series": "series", **{m: m[:3] for m in MONTHS},
}  # fmt: skip

# Whole expressions for what a column may be called, compared with the words of the column's name.
PHRASES = {
    "how old": "age", "how heavy": "weight", "how tall": "height", "how expensive": "price", "how big": "size", "how fast": "speed",
    "hp": "horsepower", "engine power": "horsepower", "horse power": "horsepower", "power": "horsepower", "gas mileage": "miles per gallon",
    "fuel economy": "miles per gallon", "miles to the gallon": "miles per gallon", "miles a gallon": "miles per gallon", "fuel efficiency": "miles per gallon", "mileage": "miles per gallon",
    "country of origin": "origin", "country": "origin", "nation": "origin", "region of origin": "origin", "model year": "year", "where they come from": "origin", "gross domestic product": "gdp",
    "consumer price index": "cpi", "treasury bill rate": "tbilrate", "t bill rate": "tbilrate", "t bill": "tbilrate", "tbill": "tbilrate",
    "tbill rate": "tbilrate", "high school graduate": "hs grad", "high school": "hs grad", "graduates": "hs grad", "length of marriage": "years married",
    "high school graduate share": "hs grad", "share of high school graduate": "hs grad", "high school degree": "hs grad",
    "rain": "precipitation", "rainfall": "precipitation", "dewpoint": "dew point", "weight": "body mass", "mass": "weight", "daily high": "temp max", "daily low": "temp min", "high temp": "temp max", "low temp": "temp min", "highs": "temp max", "lows": "temp min",
    "day max temp": "temp max", "gender": "sex", "sex": "gender", "ethnicity": "race", "surname": "last name", "family name": "last name",
    "given name": "first name", "job": "occupation", "profession": "occupation", "schooling": "education", "house price": "price",
    "money supply": "m1", "disposable income": "realdpi", "place": "location", "location": "site", "locations": "site", "places": "site",
    "neighborhood": "district", "fare price": "fare", "ticket price": "fare", "purchase": "amount", "sales": "amount", "turnover": "revenue",
    "population size": "population", "inhabitants": "population", "headcount": "employees", "staff": "employees", "workers": "employees",
    "capital stock": "capital", "market value": "value", "gross investment": "invest", "investment": "invest", "area code": "iata", "airport code": "iata",
    "code": "iata", "elevation": "altitude", "party": "pid", "tv news": "tvnews", "party identification": "pid",
    "company": "firm", "gas price": "gas", "price of gas": "gas", "petrol price": "gas", "gasoline price": "gas", "miles driven": "miles", "mileage driven": "miles",
    "grad rate": "hs grad", "electricity": "net generation", "power generation": "net generation", "generation": "net generation", "output": "net generation",
    "energy source": "source", "fuel": "source", "fuel type": "source", "strain": "bacteria", "bacterium": "bacteria", "bacterial": "bacteria",
    "gram stain": "gram staining", "single parent": "single", "single parents": "single", "single parenthood": "single",
    "category": "type", "kind": "type", "manner": "type", "make": "manufacturer", "maker": "manufacturer", "producer": "manufacturer", "kind of weather": "weather", "weather type": "weather", "variety": "cultivar",
}  # fmt: skip

# A noun that may follow a column's name without changing what is meant.
TRAILING = frozenset(
    "rate rates level levels value values figure figures percentage number numbers amount amounts count counts content "
    "contents concentration concentrations measurement measurements reading readings score scores index column columns variable variables "
    "feature features field fields data crime crimes speed speeds category categories status code codes group groups class classes coefficient vote votes toll forces capacity mileage mpg mph horsepower body band bands bracket brackets tier tiers bin bins series".split()
)  # fmt: skip

# Columns that are prices though they do not say so: "the price of wheat", "closing price".
PRICED = frozenset("open close high low last bid ask gas gasoline petrol diesel wheat corn rice oil gold silver copper aluminum coffee sugar bread ticket fare rent rate".split())

UNITS = {
    "pound": "weight", "lbs": "weight", "lb": "weight", "pounds": "weight", "kg": "weight", "kilograms": "weight", "kilos": "weight", "tons": "weight",
    "grams": "weight", "years": "age", "mm": "precipitation", "inches": "length", "cm": "length", "miles": "distance", "km": "distance",
    "degrees": "temp", "celsius": "temp", "fahrenheit": "temp", "dollars": "", "usd": "", "euros": "", "cents": "", "percent": "", "units": "", "points": "", "hp": "horsepower", "mpg": "miles per gallon",
    "mph": "", "kmh": "", "%": "", "million": "", "°": "", "°c": "temp", "c": "", "minutes": "", "seconds": "", "hours": "",
}  # fmt: skip

# How people name a measure. Longest first when matched.
FUNCTIONS: dict[str, str] = {
    "mean": "mean", "average": "mean", "avg": "mean", "averages": "mean", "means": "mean", "typical": "mean", "arithmetic mean": "mean", "on average": "mean", "averaged": "mean",
    "mean value": "mean", "average value": "mean", "simple average": "mean", "expected value": "mean", "avrage": "mean", "averge": "mean",
    "median": "median", "medians": "median", "middle value": "median", "median value": "median", "50th percentile": "median",
    "mode": "mode", "most common value": "mode", "most frequent value": "mode",
    "sum": "sum", "total": "sum", "totals": "sum", "sum total": "sum", "total sum": "sum", "combined": "sum", "overall sum": "sum", "add up": "sum", "altogether": "sum", "in total": "sum",
    "cumulative": "sum", "total amount": "sum", "sum up": "sum", "summed": "sum", "total number": "count",
    "standard deviation": "std", "std": "std", "sd": "std", "stdev": "std", "std dev": "std", "std deviation": "std", "std. deviation": "std", "standard dev": "std", "st dev": "std", "standard deviations": "std", "sample standard deviation": "std", "sample std": "std",
    "sample sd": "std", "spread": "std", "population standard deviation": "pstd",
    "variance": "var", "sample variance": "var", "population variance": "pvar", "standard error": "sem", "standard error of the mean": "sem", "sem": "sem",
    "coefficient of variation": "cv", "cv": "cv", "relative standard deviation": "cv",
    "interquartile range": "iqr", "iqr": "iqr", "inter quartile range": "iqr",
    "range": "range", "spread between max and min": "range",
    "skewness": "skew", "skew": "skew", "skewed": "skew", "asymmetry": "skew", "skewness coefficient": "skew", "sample skewness": "skew", "skewness value": "skew",
    "kurtosis": "kurtosis", "excess kurtosis": "kurtosis", "sample excess kurtosis": "kurtosis", "sample kurtosis": "kurtosis",
    "geometric mean": "geometric_mean",
    "minimum": "min", "min": "min", "maximum": "max", "max": "max", "minimum value": "min", "maximum value": "max", "min value": "min", "max value": "max", "peak": "max", "peak value": "max", "all-time high": "max", "all time high": "max", "all-time low": "min", "all time low": "min",
    "first quartile": "q0.25", "lower quartile": "q0.25", "25th percentile": "q0.25", "q1": "q0.25", "third quartile": "q0.75", "upper quartile": "q0.75", "q3": "q0.75",
    "75th percentile": "q0.75", "first decile": "q0.1", "ninth decile": "q0.9", "top decile": "q0.9",
    "number of distinct": "distinct", "number of different": "distinct", "number of unique": "distinct", "how many different": "distinct", "how many distinct": "distinct",
    "how many unique": "distinct", "count of distinct": "distinct", "count of unique": "distinct", "distinct count": "distinct", "unique count": "distinct", "count distinct": "distinct",
    "distinct": "distinct", "unique": "distinct",
    "number of missing": "null_count", "missing values": "null_count", "missing value": "null_count", "how many missing": "null_count", "null values": "null_count", "nulls": "null_count", "missing entries": "null_count", "number of nulls": "null_count",
    "how many": "count", "number of": "count", "count of": "count", "count": "count", "how often": "count", "no of": "count", "nr of": "count", "# of": "count", "counts": "count", "frequency": "count", "number": "count",
    "tally": "count", "headcount": "count", "how much": "much",
}  # fmt: skip

MORE = ["more than", "greater than", "higher than", "larger than", "bigger than", "above", "over", "exceeding", "exceeds", "exceed", "exceeded", "older than", "heavier than", "strictly above", "strictly over",
        "longer than", "upwards of", "beyond", "taller than", "in excess of", "later than", "strictly more than", "strictly greater than", "better than", "stronger than", "warmer than", "hotter than", "deeper than", "richer than", "wetter than", "windier than", "north of", "surpasses", "surpassed", "faster than", "wider than", "bigger then", "more then", "higher then", "greater then", "topped", "east of"]  # fmt: skip
LESS = ["less than", "fewer than", "lower than", "smaller than", "below", "under", "younger than", "lighter than", "shorter than", "beneath", "cheaper than", "earlier than", "shallower than", "poorer than", "drier than", "strictly below", "strictly less than", "strictly under", "colder than", "cooler than",
        "weaker than", "worse than", "south of", "slower than", "narrower than", "less then", "lower then", "short of", "west of"]  # fmt: skip
AT_LEAST = ["at least", "no less than", "not less than", "no fewer than", "a minimum of", "minimum of", "greater than or equal to", "more than or equal to", "not below", "not under", "from at least", "higher than or equal to", "larger than or equal to"]  # fmt: skip
AT_MOST = ["at most", "no more than", "not more than", "up to and including", "a maximum of", "maximum of", "less than or equal to", "not above", "not over", "lower than or equal to", "smaller than or equal to", "up to"]  # fmt: skip
EQUAL = ["equal to", "equals", "equal", "exactly", "is precisely", "being"]
OR_MORE = ["or more", "or higher", "or above", "or over", "or greater", "or larger", "and over", "and above", "and higher", "and more", "or older", "and older", "or later", "and up", "or bigger", "or longer", "upwards", "or heavier", "or better", "plus"]  # fmt: skip
OR_LESS = ["or less", "or lower", "or below", "or under", "or fewer", "or smaller", "and below", "and under", "and lower", "or younger", "and younger", "or earlier", "or shorter", "or lighter", "and less"]  # fmt: skip

# adjective -> (words of the column it implies; "" none, direction)
SUPERLATIVES: dict[str, tuple[str, str]] = {
    "highest": ("", "desc"), "largest": ("", "desc"), "biggest": ("", "desc"), "greatest": ("", "desc"), "most": ("", "desc"), "maximum": ("", "desc"), "max": ("", "desc"),
    "lowest": ("", "asc"), "smallest": ("", "asc"), "least": ("", "asc"), "fewest": ("", "asc"), "minimum": ("", "asc"), "min": ("", "asc"), "top": ("", "desc"), "bottom": ("", "asc"), "best": ("", "desc"), "worst": ("", "worst"),
    "heaviest": ("weight", "desc"), "lightest": ("weight", "asc"), "oldest": ("age", "desc"), "youngest": ("age", "asc"), "tallest": ("height", "desc"),
    "shortest": ("length", "asc"), "longest": ("length", "desc"), "hottest": ("temp max", "desc"), "warmest": ("temp max", "desc"), "coldest": ("temp min", "asc"), "coolest": ("temp min", "asc"),
    "wettest": ("precipitation", "desc"), "rainiest": ("precipitation", "desc"), "driest": ("precipitation", "asc"), "windiest": ("wind", "desc"), "most humid": ("humidity", "desc"), "least humid": ("humidity", "asc"), "calmest": ("wind", "asc"), "cheapest": ("price", "asc"), "dearest": ("price", "desc"), "priciest": ("price", "desc"),
    "most expensive": ("price", "desc"), "least expensive": ("price", "asc"), "richest": ("income", "desc"), "best paid": ("income", "desc"), "highest paid": ("income", "desc"), "worst paid": ("income", "asc"), "lowest paid": ("income", "asc"), "poorest": ("poverty", "desc"), "strongest": ("", "desc"), "weakest": ("", "asc"), "widest": ("width", "desc"), "deepest": ("depth", "desc"), "shallowest": ("depth", "asc"), "thickest": ("thickness", "desc"), "thinnest": ("thickness", "asc"), "narrowest": ("width", "asc"),
    "most powerful": ("horsepower", "desc"), "least powerful": ("horsepower", "asc"), "most populous": ("population", "desc"), "least populous": ("population", "asc"), "earliest": ("#date", "asc"), "newest": ("#date", "desc"), "latest": ("#date", "desc"), "most recent": ("#date", "desc"),
    "northernmost": ("latitude", "desc"), "southernmost": ("latitude", "asc"), "easternmost": ("longitude", "desc"), "westernmost": ("longitude", "asc"), "most northern": ("latitude", "desc"), "most southern": ("latitude", "asc"), "furthest north": ("latitude", "desc"), "farthest north": ("latitude", "desc"),
    "furthest south": ("latitude", "asc"), "farthest south": ("latitude", "asc"), "furthest west": ("longitude", "asc"), "farthest west": ("longitude", "asc"), "furthest east": ("longitude", "desc"), "farthest east": ("longitude", "desc"), "northern most": ("latitude", "desc"),
    "most fuel efficient": ("miles per gallon", "desc"), "most economical": ("miles per gallon", "desc"), "most urban": ("urban", "desc"), "least urban": ("urban", "asc"), "most violent": ("violent", "desc"), "safest": ("violent", "asc"),
    "deadliest": ("#rows", "desc"), "most common": ("#rows", "desc"), "most frequent": ("#rows", "desc"), "least common": ("#rows", "asc"), "least frequent": ("#rows", "asc"), "rarest": ("#rows", "asc"), "busiest": ("#rows", "desc"), "commonest": ("#rows", "desc"), "most popular": ("#rows", "desc"),
    "most often": ("#rows", "desc"), "least often": ("#rows", "asc"), "most frequently": ("#rows", "desc"), "darkest": ("", "desc"), "steepest": ("", "desc"), "leading": ("", "desc"), "costliest": ("price", "desc"), "slowest": ("", "none"), "fastest": ("", "none"), "least predictable": ("#std", "desc"), "most variable": ("#std", "desc"),
    "least variable": ("#std", "asc"), "most consistent": ("#std", "asc"), "most predictable": ("#std", "asc"), "most productive": ("", "desc"), "least productive": ("", "asc"), "most effective": ("", "none"), "biggest ever": ("", "desc"), "record": ("", "desc"), "highest ever": ("", "desc"), "most spread out": ("#std", "desc"), "most volatile": ("#std", "desc"), "least volatile": ("#std", "asc"), "ever": ("", "skip"),
}  # fmt: skip

# Of these, more is worse.
HARM = frozenset("delay death loss crime murder poverty unemployment unemp inflation infl error accident wound disease pollution wait waiting lateness failure violent deficit debt fatality injury".split())

# comparative -> words of the column it implies
COMPARATIVES = {
    "heavier": "weight", "lighter": "weight", "older": "age", "younger": "age", "warmer": "temp max", "hotter": "temp max", "colder": "temp min", "cooler": "temp max", "windier": "wind", "calmer": "wind", "wetter": "precipitation",
    "rainier": "precipitation", "drier": "precipitation", "taller": "height", "richer": "income", "poorer": "income", "cheaper": "price", "dearer": "price", "pricier": "price", "safer": "violent", "longer": "length", "wider": "width", "narrower": "width", "shorter": "length",
    "faster": "speed", "slower": "speed", "deeper": "depth", "shallower": "depth", "thicker": "thickness", "thinner": "thickness", "larger in area": "area",
}  # fmt: skip
SEXES = {**dict.fromkeys("men man males male boys guys".split(), "women"), **dict.fromkeys("women woman females female girls ladies".split(), "men")}
TICKERS = {"apple": "aapl", "microsoft": "msft", "amazon": "amzn", "google": "goog", "alphabet": "goog", "facebook": "fb", "netflix": "nflx", "tesla": "tsla", "nvidia": "nvda", "intel": "intc"}
DEMONYMS = {
    **{company: [ticker] for company, ticker in TICKERS.items()},
    "japanese": ["japan", "jp", "jpn"], "american": ["usa", "us", "united states", "america", "u.s."], "americans": ["usa", "us", "united states", "america"], "european": ["europe", "eu"], "europeans": ["europe"],
    "german": ["germany", "de"], "french": ["france", "fr"], "british": ["united kingdom", "uk", "great britain", "britain", "england"], "italian": ["italy"], "spanish": ["spain"], "chinese": ["china"],
    "canadian": ["canada"], "mexican": ["mexico"], "brazilian": ["brazil"], "indian": ["india"], "australian": ["australia"], "swedish": ["sweden"], "norwegian": ["norway"], "danish": ["denmark"], "dutch": ["netherlands"],
    "african": ["africa"], "asian": ["asia"], "russian": ["russia"], "korean": ["south korea", "korea"], "swiss": ["switzerland"], "austrian": ["austria"], "irish": ["ireland"], "polish": ["poland"], "turkish": ["turkey"], "portuguese": ["portugal"],
    "us": ["usa", "united states"], "u.s.": ["usa", "us", "united states"], "america": ["usa", "us", "united states"], "united states": ["usa", "us"], "domestic": [],
    "women": ["female", "f", "woman", "women"], "woman": ["female", "f", "women"], "females": ["female", "f"], "girls": ["female", "f", "girl"], "ladies": ["female", "f"], "female": ["f", "woman"],
    "men": ["male", "m", "man", "men"], "man": ["male", "m", "men"], "males": ["male", "m"], "boys": ["male", "m", "boy"], "male": ["m", "man"], "guys": ["male", "m"],
    "rainy": ["rain"], "sunny": ["sun"], "foggy": ["fog"], "snowy": ["snow"], "windy": ["wind"], "cloudy": ["cloud"], "drizzly": ["drizzle"], "gram positive": ["positive"], "gram negative": ["negative"],
    "survivors": ["survived", "yes"], "hispanic": ["latino", "hispanic"], "latina": ["latino"], "latinos": ["latino"], "whites": ["white"], "blacks": ["black"], "asians": ["asian"],
    "weekdays": [], "renewable": ["renewables"], "right hand": ["right"], "left hand": ["left"], "cancerous": ["malignant"],
}  # fmt: skip

# A few of the commonest words of other languages: enough to say that a question is not in English.
FOREIGN = frozenset("der die das und ist von mit nach wie viele welche durchschnitt el la los las de del por con cuál cuántos promedio le les des du et est quel quelle moyenne il di che per con quanti média qual os das".split()) - {"die", "per", "con"}

US_STATES = dict(
    pair.split("=") for pair in (
        "alabama=al alaska=ak arizona=az arkansas=ar california=ca colorado=co connecticut=ct delaware=de florida=fl georgia=ga hawaii=hi idaho=id "
        "illinois=il indiana=in iowa=ia kansas=ks kentucky=ky louisiana=la maine=me maryland=md massachusetts=ma michigan=mi minnesota=mn mississippi=ms "
        "missouri=mo montana=mt nebraska=ne nevada=nv new_hampshire=nh new_jersey=nj new_mexico=nm new_york=ny north_carolina=nc north_dakota=nd ohio=oh "
        "oklahoma=ok oregon=or pennsylvania=pa rhode_island=ri south_carolina=sc south_dakota=sd tennessee=tn texas=tx utah=ut vermont=vt virginia=va "
        "washington=wa west_virginia=wv wisconsin=wi wyoming=wy district_of_columbia=dc puerto_rico=pr guam=gu american_samoa=as"
    ).split()
)  # fmt: skip

# What one row may be called, whatever the table.
ROW_NOUNS = frozenset(
    "row rows record records entry entries observation observations case cases item items sample samples example examples instance instances line lines data point points datapoint datapoints "
    "people person persons respondent respondents participant participants subject subjects individual individuals victim victims patient patients customer customers client clients user users "
    "women woman men man student students employee employees passenger passengers member members household households order orders transaction transactions sale "
    "event events trial trials experiment experiments plot plots measurement measurements reading readings incident incidents purchase purchases "
    "product products model models one ones them those they anybody anyone somebody someone everyone everybody death deaths wife wives spouse spouses couple couples adults teenagers".split()
)  # fmt: skip
# Nouns for things a table may list. One that is neither a column nor a value of the table can only mean its rows.
ENTITIES = frozenset("""
airport airports flower flowers plant plants tree trees animal animals bird birds fish species-list tumor tumors tumour tumours cell cells lesion lesions biopsy biopsies scan scans voter voters elector electors citizen citizens
traveller travellers traveler travelers trip trips journey journeys ride rides flight flights driver drivers visitor visitors guest guests resident residents worker workers tenant tenants owner owners buyer buyers
seller sellers vendor vendors supplier suppliers shop shops store stores branch branches restaurant restaurants hotel hotels house houses home homes property properties apartment apartments flat flats building buildings
vehicle vehicles car cars truck trucks bike bikes ship ships plane planes machine machines device devices sensor sensors movie movies film films book books song songs album albums game games match matches player players team teams
county counties district districts municipality municipalities village villages nation nations country countries region regions area areas council councils school schools university universities college colleges hospital hospitals
firm firms company companies business businesses bank banks fund funds stock stocks loan loans account accounts policy policies claim claims contract contracts invoice invoices payment payments deal deals lead leads
wine wines beer beers dish dishes recipe recipes meal meals tip tips review reviews post posts article articles comment comments message messages email emails ticket tickets issue issues bug bugs task tasks project projects
test tests exam exams course courses lesson lessons grade grades study studies survey surveys interview interviews questionnaire questionnaires session sessions visit visits call calls click clicks view views request requests
battle battles election elections storm storms earthquake earthquakes fire fires accident accidents crash crashes crime offence offences strike strikes war wars season seasons event round rounds race races lap laps
aircraft airplane airplanes aeroplane aeroplanes jet jets vessel vessels boat boats train trains bus buses motorcycle motorcycles bicycle bicycles van vans engine-types
senator senators politician politicians minister ministers judge judges lawyer lawyers doctor doctors nurse nurses physician physicians engineer engineers scientist scientists artist artists author authors
actor actors singer singers director directors athlete athletes runner runners swimmer swimmers soldier soldiers officer officers farmer farmers teacher teachers professor professors pupil pupils kid kids
holder holders cardholder cardholders applicant applicants appointee appointees appointment appointments diner diners donor donors recipient recipients prisoner prisoners inmate inmates
park parks station stations lake lakes river rivers mountain mountains island-names farm farms factory factories plant-sites museum museums bridge bridges street streets road roads
neighbourhood neighbourhoods neighborhood neighborhoods precinct precincts zone zones territory territories province provinces borough boroughs parish parishes
sale-lines shipment shipments delivery deliveries parcel parcels receipt receipts bill-lines booking bookings reservation reservations subscription subscriptions
committee committees bill bills bacteria bacterium strain strains drug drugs patient diamond diamonds penguin penguins mammal mammals panel panels reporter pair pairs traveller's
""".split())  # fmt: skip

# What is measured, not counted: the most of it is no number of rows.
MASS = frozenset("money cash revenue income power energy rain snow water time work traffic wealth land fuel profit turnover spending value weight space".split())

# Of these, people of no special part: rows with an age or a gender may be called so.
PEOPLE = frozenset(
    "people person persons respondent respondents participant participants subject subjects individual individuals victim victims patient patients customer customers client clients user users guest guests passenger passengers "
    "student students pupil pupils kid kids employee employees worker workers member members citizen citizens voter voters elector electors resident residents adult adults teenager teenagers wife wives couple couples spouse spouses "
    "woman women man men prisoner prisoners inmate inmates recipient recipients holder holders cardholder cardholders buyer buyers traveller travellers traveler travelers anyone anybody everyone everybody someone somebody those them they".split()
)
A_PERSON_HAS = frozenset("age gender education income occupation religious married marriage race ethnicity smoker survived diagnosis bmi grade gpa score husband wife salary occupation height glucose".split())
PLACES = frozenset("area place zone site location spot station point".split())
PLACES_OR_WAYS = frozenset("city country county state region district".split())
OCCASIONS = frozenset("trial experiment reading measurement test event incident occasion time plot period interval".split())
# Names of one kind of thing: rows of a table of the one may be called the other.
KINDS = [frozenset(kind.split()) for kind in (
    "car vehicle automobile model truck engine", "plane aircraft airplane aeroplane jet", "penguin bird animal", "iris flower plant blossom", "tumor tumour cancer lesion biopsy mass cell patient woman scan", "stock company share symbol ticker firm",
    "airport field", "senator politician appointment member appointee term", "order transaction sale purchase invoice payment booking ticket bill receipt deal shipment delivery parcel item product", "tip bill table meal diner guest dinner",
    "death victim homicide killing fatality incident riot", "wine bottle", "flight trip journey departure", "crime offence offense incident", "house home property apartment flat building", "movie film", "battle war", "trip journey ride travel",
    "state county country nation region city", "review rating comment", "loan credit account", "committee panel council",
)]  # fmt: skip
# A file called so says nothing of what its rows are.
NAMELESS = frozenset("data dataset table file export sheet stdin input sample test my new final csv results output raw clean report list".split())

TIME_NOUNS = {"day": "day", "days": "day", "month": "month", "months": "month", "quarter": "quarter", "quarters": "quarter", "year": "year", "years": "year", "week": "week", "weeks": "week", "date": "date", "dates": "date"}

# Left over in a question, these change nothing.
FILLER = frozenset("""
a an the of in on at to for from with within by and or as is are was were be been being am do does did done has have had having having it its this that these those there here
i me my we us our you your he she they them their his her hers what which who whom whose when where how much many please pls plz kindly thanks thank hi hello hey dear
can could would should shall will may might must want wants wanted need needs needed like just only also too so then than if whether but yet not
give gives given show shows shown tell tells told list lists listed find finds found compute computes computed calculate calculates calculated get gets got getting report reports reported state states stated name names
determine determines estimate evaluate work out figure display print return provide provides write answer answers say says know see look looks looking check checks checking call called calls
considering consider considered going use using used uses take takes taken taking make makes made having come comes came coming fall falls fell fallen belong belongs go goes went
data dataset set table file csv sheet spreadsheet column columns variable variables field fields feature features value values number numbers figure figures row rows record records entry entries observation observations
all every each any some overall whole entire full total everything across among amongst out up down into onto over between about around during through throughout via per
here's heres i'm im i'd id i'll i've ive let's lets what's whats it's don't dont that's thats who's you're there's theres isn't aren't wasn't
new simple quick quickly silly question questions sorry beginner first-time started starting start just short brief exactly approximately roughly actually really still yet even ever never again once same
article story piece homework exercise assignment task project paper slide slides meeting boss manager colleague friend class course study research analysis analyse analyze investigate explore examine assess
curious wondering wonder interested lost bit little lot quite very pretty rather fairly well good enough nice great fine ok okay help helps
recorded measured marked labelled labeled observed noted registered surveyed included including include listed present available existing exist exists appear appears occur occurs occurred happened happen
one ones other others both respectively namely i.e ie e.g eg etc viz that'd
single particular specific certain individual following above-mentioned mentioned resulting result results corresponding
plainly simply basically directly together combined amount amounts count counts level levels rate rates percentage percent
writing write reading doing working trying try
maximum minimum
simple-minded know-how far
result name it's thing things kind kinds type types sort
decimals decimal places place rounded round rounding unrounded
versus vs against compared compare comparing comparison
show-me me- order ordered sort sorted starting ranked rank ranking descending ascending
yes no
units unit
self his/her
case cases
time times period
understand learn like'd
report's let
far long
expressed terms term
having
hand
mean
ordinary usual normal-looking
counted counting include includes
based
back
put
giving
who've
now today currently
general
sample
spot
""".split())  # fmt: skip

# Of these, the ones that are never a value of the table unless quoted or capitalised.
STRUCTURE = frozenset(
    "a an the of in on at to for from with within by and or as is are was were be been do does did has have had it its this that these those there here i me my we us our you your he she they who what "
    "which when where why how much many please can could would may might must so then than if whether but not no yes all any each every some up down out into over under between about both one ones other others only also too "
    "ok hi now get go per vs me or so am pm us".split()
)  # fmt: skip

# Verbs and the like that say how something came about, not what is asked for.
FILLER |= frozenset("""
gave manage manages managed kill killed killing rule ruled ruling break broke broken pool pooled pooling bucket lie lies run ran drive drove driven die died dies dead born produce produced produces
reach reached reaches hit hits contain contains hold holds held keep keeps kept stay stayed remain remained turn turned become became begin began begins end ended ends finish finished last lasted cover covered
covers span spans add added adds combine merge group grouped bring brought put puts send sent leave left move moved moving seem seems seemed look looked feel stand stands stood set sets cross crossed pass passed
achieve achieved achieves attain attained earn earned score scored yield yielded yields grow grew grown drop dropped drops decline declined rise rose risen increase increased decrease decreased change changed lose lost gain gained
vary varied varies differ differs differed range ranged ranges equal equals match matches meet meets satisfy fall falls carry carried bear bore weigh weighed cost measure measures record records register report reported reports
log logged count counts rate rated classify classified label labelled mark marked describe described define defined refer refers mean means meant intend include contain consist comprise show showed shown shows display
apply applied applies base based assume assumed assuming consider considers treat treated treats account accounting accounted belong belonging own owned fall falling stem located situated based came coming
happen happened live-in ever-since exactly whole entire complete completely actual actually real-life possible possibly likely usually usual normally generally typically commonly often sometimes always currently recently
trading calendar ever correction corrected bias adding summing combining looking comparing true correct right perfect dated priced due saw sees seen several many few bias-corrected bias-adjusted unbiased adjusted pandas scikit-learn sklearn numpy scipy python excel linearly interpolated interpolation inclusive exclusive strictly please-note note notes noted fyi btw asap quick fast urgent soon ready sure certain confident honest honestly frankly anyway however although though while because-of despite since-then also-note moreover furthermore besides
hand overview glance detail details info information insight insights outcome idea sense view context purpose sake chart plot graph table took put
me-please could-you single-handedly altogether lot bunch set-of handful couple pair total in-total roughly around nearly almost barely only merely simply plain
used useful important interesting relevant main major minor key big small large huge tiny great good bad nice same similar different-ly another other others else elsewhere anywhere everywhere somewhere
given-that wise wish hope hoping think thought believe guess heard hear told asked ask asks asking answer answered said says saying talk talking speak speaking call named known unknown-to
split splits sorted-by picked pick pick-out choose chosen select selected filter filtered consider restricting restricted restrict limited limit narrowing narrow limiting focusing focus focused
""".split())

# What things do and where they are, in general: none of it narrows down the rows.
FILLER |= frozenset("""
built build builds manufactured constructed released release published issued founded launched made serve serves served serving live lives lived living reside residing resides
paid pays pay money cash brings bring brought bringing turns turning show-up pick picks picking receive receives received receiving obtain obtains obtained obtaining undergo underwent undergone feature featured features
stayed staying grew growing lasting landed sits sat sitting stem stems ranks amounting totalling totaling
world global worldwide contribute contributes contributed represented represent represents either located situated fly flies flew flown flying operate operates operated depart departs departed departing arrive arrives arriving generate generates generated thinking suppose supposed supposing imagine itself themselves carry carries carrying mark
follow-up followup clocked linked
city-wide citywide nation-wide nationwide country-wide countrywide state-wide statewide world-wide company-wide overall-wide outright altogether apiece each-one
absolute relative-to literally essentially largely mostly-speaking straightforward handy rough precise exact precisely exactly-speaking separate separately individually jointly
curiosity sanity homework-wise fleet register registry dataset-wide file-wide story stories piece article career careers
twice more-than-once different-ones
""".split())

FILLER |= frozenset("play plays played polled polling poll polls interviewed questioned sampled studied".split())

# What may befall a row: it says which rows are meant, and only a column can tell.
HAPPENS = (
    "(?:died|die|dies|killed|dropped|drop|exercise|exercised|left|leave|lost|lose|gained|won|broke|broken|drove|drive|ran|run|born|earned|earn|scored|passed|pass|failed|finished|finish|ended|moved|move|crossed|paid|pay|"
    "survived|survive|improved|grew|declined|increased|decreased|changed|split|stood|hit|released|published|launched|served|live|lived|reside|work|works|worked|speak|spoke|vote|voted|turned|became|arrived|happened to)"
)
# Words that mark a question the table cannot settle, whatever its columns.
BEYOND = {
    r"\bwhy\b|\breasons?\b|\bhow come\b": "It asks for a reason; the table only records what happened, so it can show what goes together but not why.",
    r"\bwhat (?:has |have |had |may have |could have )?(?:made|led to|triggered|brought about|(?:is|was|are|were|lies|lay) behind|(?:is|was|are|were) responsible for)\b": "It asks for a cause; the table shows what goes together, not what causes what.",
    r"\bwhat (?:is |are |was |were |may have |could have )?(?:the )?caus(?:es?|ed|ing)\b|\bcauses? (?:of|the|a|an|for)\b|\bcaused\b|\bbecause of\b": "It asks for a cause; the table shows what goes together, not what causes what.",
    r"\bexplain(?:s|ed)? why\b|^\W*explain\b": "It asks for an explanation; the table only records what happened.",
    r"\bforecast|\bpredict(?:ion)? (?:for|of) (?:next|the next|20)|\bnext (?:year|month|week|quarter)\b|\bwill (?:be|the|it|they|we|there)\b|\b(?:what|how \w+) will\b|\bin the future\b": "It asks about the future; no method was named and the table ends where it ends.",
    r"\bshould (?:i|we|they|one)\b|\bwhat should\b|\brecommend|\bis it worth\b|\b(?:is|be|it's|was) best to\b": "It asks for advice; the table has no preferences.",
    r"\bdo you (?:think|believe)\b|\bin your opinion\b|\byour (?:view|opinion)\b": "It asks for an opinion; the table has none.",
}  # fmt: skip
