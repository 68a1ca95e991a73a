"""Allure 3: its installation, our gates and findings in its format, and the report that it makes."""
