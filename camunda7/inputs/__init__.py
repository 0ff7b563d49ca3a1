"""What people type or paste: cleaned text, telephone numbers, e-mail addresses, and days in their time zone."""
