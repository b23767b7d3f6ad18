"""本人確認: which documents were seen, by whom and when, and whether the law is content with them (番号法16条).

Never copies of documents, never a personal number, never whose they were: a record is named by its own id, and whoever
rests something on it keeps that id.
"""
