"""What can be wrong with a file as a whole, and with one row of it. Neither names a value of the file."""

from __future__ import annotations

from typing import NamedTuple

from renkei.base.errors import Invalid, RenkeiError


class RowProblem(NamedTuple):
    """Why one row was not taken."""

    line: int
    """1-based, in the file."""
    column: str
    """The column's name; empty where the whole row is meant."""
    error: RenkeiError

    def cells(self) -> tuple[str, str, str, str, str]:
        """As a row of the errors file: line, column, code, Japanese, English."""
        error = self.error
        return str(self.line), self.column, error.code, error.sentence("ja"), error.sentence("en")


# --- the file as a whole ---


class FileUnreadable(Invalid):
    """The file cannot be opened."""

    code = "file_unreadable"
    ja = "ファイル「{file}」を開けません（{what}）。場所と権限を確かめてください。"
    en = "The file “{file}” cannot be opened ({what}). Check where it is and who may read it."


class FileNameInvalid(Invalid):
    """Not the name of an inquiry request file."""

    code = "file_name_invalid"
    ja = "照会要求ファイルの名前は「P640R110_」に14桁の日時を続けたものです。名前を直してください。"
    en = "A request file is named P640R110_ and a time of 14 digits. Correct the name."


class FileEncodingUnknown(Invalid):
    """Neither UTF-8 nor CP932."""

    code = "file_encoding_unknown"
    http = 415
    ja = "ファイルの文字コードがUTF-8でもShift_JIS（CP932）でもありません。どちらかで作り直してください。"
    en = "The file is in neither UTF-8 nor Shift_JIS (CP932). Write it again in one of them."


class FileEmpty(Invalid):
    """No row at all."""

    code = "file_empty"
    ja = "ファイルに行がありません。何も登録していません。"
    en = "The file has no rows. Nothing was taken from it."


class FileTooLarge(Invalid):
    """Above the limit of bytes."""

    code = "file_too_large"
    http = 413
    ja = "ファイルが上限（{limit_bytes}バイト）を超えています。何も登録していません。分けて作り直してください。"
    en = "The file is larger than {limit_bytes} bytes. Nothing was taken from it. Write it as several files."


class FileHalfWritten(Invalid):
    """The last line is not complete."""

    code = "file_half_written"
    ja = (
        "ファイルの最後の行が途中で終わっています。書き込みの途中と見て、何も登録していません。"
        "書き終えてからもう一度渡してください。"
    )
    en = (
        "The last line of the file is not complete: it seems to be still written to. Nothing was taken from it. "
        "Hand it over again once it is complete."
    )


class FileLineEnds(Invalid):
    """Lines do not end in CRLF."""

    code = "file_line_ends"
    ja = "行の終わりがCRLFではありません。何も登録していません。CRLFで作り直してください。"
    en = "Lines do not end in CRLF. Nothing was taken from the file. Write it again with CRLF."


class FileConflict(Invalid):
    """The name stands for another content."""

    code = "file_conflict"
    http = 409
    ja = "同じ名前で内容の違うファイルを、すでに受け取っています。何も変更していません。新しい名前で渡してください。"
    en = "A file of this name with other content was taken before. Nothing was changed. Hand it over under a new name."


class HeaderInvalid(Invalid):
    """The first line of a file of copies does not name the columns."""

    code = "file_header_invalid"
    ja = "見出し行が正しくありません。address_numberまたはown_numberのどちらか一方と、{columns}が一度ずつ必要です。"
    en = "The header line is wrong. It names address_number or own_number, not both, and {columns}, each once."


# --- one row ---


class RowCells(Invalid):
    """Not as many columns as the format has."""

    code = "row_cells"
    ja = "列の数が{expected}ではありません。行を作り直してください。"
    en = "The row does not have {expected} columns. Write it again."


class RowUnreadable(Invalid):
    """The quoting of a CSV row is broken."""

    code = "row_unreadable"
    ja = "CSVとして読み取れません（引用符の誤り、または長すぎる列）。行を作り直してください。"
    en = "The row cannot be read as CSV (broken quotes, or a column that is too long). Write it again."


class RowWidth(Invalid):
    """A fixed-width column of another width."""

    code = "row_width"
    ja = "列「{column}」の桁数が{width}ではありません。桁数をそろえてください。"
    en = "The column {column} is not {width} characters wide. Pad it to that width."


class RowValue(Invalid):
    """A column that does not hold what it should."""

    code = "row_value"
    ja = "列「{column}」の値が正しくありません。次の形で書いてください：{expected}"
    en = "The column {column} is wrong. Write it in this form: {expected}"


class RowBlank(Invalid):
    """A column that must not be blank."""

    code = "row_blank"
    ja = "列「{column}」が空白です。値を書いてください。"
    en = "The column {column} is blank. Write a value."


class RowPeriod(Invalid):
    """開始日 after 終了日."""

    code = "row_period"
    ja = "開始日が終了日より後です。どちらかを直してください。"
    en = "開始日 is after 終了日. Correct one of them."


class RowCodeUnknown(Invalid):
    """A code that the tables do not hold."""

    code = "row_code_unknown"
    ja = "列「{column}」のコードは、コード表にありません。コード表で確かめてください。"
    en = "The code in the column {column} is not in the tables of codes. Check it against them."


class RowCodesDisagree(Invalid):
    """事務コード and 事務手続コード of different affairs."""

    code = "row_codes_disagree"
    ja = "事務コードと事務手続コードが別の事務を指しています。どちらかを直してください。"
    en = "事務コード and 事務手続コード name different affairs. Correct one of them."


class RowRequesterForeign(Invalid):
    """The row asks in another body's name."""

    code = "row_requester_foreign"
    ja = "列「{column}」が、このファイルを渡した機関のコードではありません。自分の機関のコードを書いてください。"
    en = "The column {column} is not the code of the body that hands the file over. Write your own body's code."


class RowTimeFuture(Invalid):
    """A time that has not come yet."""

    code = "row_time_future"
    ja = "列「{column}」が現在より先の日時です。時計を確かめてください。"
    en = "The column {column} lies in the future. Check the clock."


class RowPersonMissing(Invalid):
    """Neither number of the person stands in the row."""

    code = "row_person_missing"
    ja = "宛名番号も統合宛名番号もありません。どちらかを書いてください。"
    en = "The row has neither 宛名番号 nor 統合宛名番号. Write one of them."


class RowPersonUnknown(Invalid):
    """The body's ledger does not know the own number."""

    code = "row_person_unknown"
    ja = "この宛名番号に当たる統合宛名番号がありません。宛名に登録してから、もう一度渡してください。"
    en = "The ledger has no integrated address number for this 宛名番号. Register the person, then hand it over again."


class RowLedgerMissing(Invalid):
    """Only the own number is given, and no ledger is at hand to translate it."""

    code = "row_ledger_missing"
    ja = (
        "統合宛名番号がなく、宛名番号から引くための宛名台帳につながっていません。"
        "統合宛名番号を書くか、台帳のある場所で業務システム名を添えて渡してください。"
    )
    en = (
        "There is no 統合宛名番号, and no ledger at hand that could tell it from the 宛名番号. "
        "Write it, or hand the file over where the ledger is, with the name of the business system."
    )
