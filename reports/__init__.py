"""From evidence to a verdict, and to pages that a person reads. Reads and writes files under results/ only."""
