from tests.faults.conftest import no_pulse as no_pulse
