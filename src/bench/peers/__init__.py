"""The engines in Python that bac_policy's bench is measured against."""
