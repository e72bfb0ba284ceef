"""Names that look different and are the same to the parser (NFKC), and other tricks with the text of a program."""

from tests.escapes.corpus import LOOT, Payload

PAYLOADS: list[Payload] = [
    Payload("NFKC names", "fullwidth import", (r"""
ｏｓ = __ｉｍｐｏｒｔ__("os")
print(ｏｓ.read(ｏｓ.open("{{SECRET}}", 0), 4096))
""", r"""
ｏｓ.write(ｏｓ.open("{{TARGET}}", 1), b"owned")
""")),
    Payload("NFKC names", "mathematical bold dunders", (r"""
for 𝐜 in ().__𝐜𝐥𝐚𝐬𝐬__.__𝐛𝐚𝐬𝐞__.__𝐬𝐮𝐛𝐜𝐥𝐚𝐬𝐬𝐞𝐬__():
    if 𝐜.__𝐧𝐚𝐦𝐞__ == "_wrap_close":
        print(𝐜.__𝐢𝐧𝐢𝐭__.__𝐠𝐥𝐨𝐛𝐚𝐥𝐬__["popen"]("cat {{SECRET}}; echo owned >> {{TARGET}}").read())
""",)),
    Payload("NFKC names", "italic open and superscript names", (r"""
print(𝑜𝑝𝑒𝑛("{{SECRET}}").𝑟𝑒𝑎𝑑())
""", r"""
𝑜𝑝𝑒𝑛("{{TARGETDIR}}/ᵒʷⁿᵉᵈ", "w").𝑤𝑟𝑖𝑡𝑒("owned")
""", r"""
ªttr = gₑtattr(𝑜𝑝𝑒𝑛("{{TARGET}}", "a"), "wʳite".replace("ʳ", "r"))
ªttr("owned")
""")),
    Payload("NFKC names", "script exec and eval", (r"""
ℯ𝓍ℯ𝒸("import os\nos.kill({{PID}}, 9)")
""", r"""
print(ℯ𝓋𝒶𝓁("__imp" + "ort__('os').popen('cat {{SECRET}}').read()"))
""")),
    Payload("NFKC names", "ligature in a keyword argument and attribute", (r"""
import io
ﬁle = io.open("{{SECRET}}")
print(ﬁle.read())
class Box: pass
Box.ﬁle = io.open("{{TARGET}}", mode="a")
Box.file.write("owned"); Box.file.close()
""",)),
    Payload("NFKC names", "from-import of a wide module path", (r"""
from ｏｓ import system as ſystem
ſystem("cat {{SECRET}} >&2; touch {{TARGETDIR}}/owned")
""", r"""
import ｓｏｃｋｅｔ as ｓ
ｓ.create_connection(("127.0.0.1", int("{{PORT}}")), 1)
""")),
    Payload("NFKC names", "global names set through wide spellings", (LOOT, r"""
globals()["ｏｐｅｎ"] = print
print(open("{{SECRET}}").read(), ｏｐｅｎ is open)
""", r"""
ｌｏｏｔ(__import__("os"))
""")),
    Payload("NFKC names", "non-ASCII digits and escapes in strings", (LOOT, r"""
print(open(int("٠"), closefd=False))
name = "\u006f\u0073\N{LOW LINE}x"[:2]
loot(__import__(name))
print(open("\x2f\x70\x72\x6f\x63\57{{PID}}\57environ", "rb").read())
""")),
    Payload("NFKC names", "line continuations, form feeds and semicolons", (
        "import \\\n os\nprint(os\\\n.\\\nopen(\"{{SECRET}}\", 0))\n",
        "\x0cimport os as o;\tprint ( o . popen ( 'cat {{SECRET}}' ) . read ( ) ) ;\n",
        "if 1:\n\timport os as\\\n p;p.system('echo owned >>{{TARGET}}')\n",
    )),
    Payload("NFKC names", "a coding cookie hides the program", (
        "# -*- coding: unicode_escape -*-\n# \\u000aprint(open('{{SECRET}}').read())\nprint('plain')\n",
        "# vim: set fileencoding=raw_unicode_escape :\n'\\u0027;print(open(\"{{SECRET}}\").read())#'\n",
        "exec(b\"# coding: utf-7\\n+AHAAcgBpAG4AdAAo-open('{{SECRET}}').read())\")\n",
        "exec(b'# coding: rot13\\ncevag(bcra(\"{{SECRET}}\").ernq())')\n",
    )),
    Payload("NFKC names", "right-to-left marks and invisible characters", (
        "access = 'user\u202e \u2066# check\u2069 \u2066'\nimport os\nif access != 'user':\n"
        "    print(os.open('{{SECRET}}', 0)); print(os.read(os.open('{{SECRET}}', 0), 99))\n",
        "print('\u200b', open('{{SEC\u200bRET}}'.replace('\u200b', '')) if 0 else open('{{SECRET}}').read())\n",
    )),
]
