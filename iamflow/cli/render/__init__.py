"""How answers look: tables for people, JSON and CSV for programs. All external text is encoded here, and only here."""
