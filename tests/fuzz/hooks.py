"""What our own formats in the OpenAPI document mean, for the data that schemathesis makes."""

import schemathesis
from hypothesis import strategies as st

schemathesis.openapi.format("lead-date", st.dates().map(str))
