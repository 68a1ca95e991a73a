"""Allure 3: its installation, our gates in its format, and the report that it makes."""
