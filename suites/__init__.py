"""Tests of this project, one folder for each kind of evidence."""
