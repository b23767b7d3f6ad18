"""時刻認証局: stamps digests with the time, and keeps nothing of what was stamped."""
