"""Names for people who do not exist: common family and given names, written with their readings and combined by lot.

Written for Renkei; taken from no list of persons. A combination may of course be somebody's name by chance, as any
common name is. The personas carry family names that nobody is likely to have (見本, 例示, 仮名, 架空, 想定).
"""

from __future__ import annotations

from typing import TypeAlias

from renkei.assembly.nation.model import FEMALE, MALE

Name: TypeAlias = tuple[str, str]
"""Characters and reading (katakana)."""


def _pairs(text: str) -> tuple[Name, ...]:
    words = text.split()
    return tuple(zip(words[::2], words[1::2], strict=True))


FAMILY = _pairs("""
佐藤 サトウ  鈴木 スズキ  高橋 タカハシ  田中 タナカ  伊藤 イトウ  渡辺 ワタナベ  山本 ヤマモト
中村 ナカムラ  小林 コバヤシ  加藤 カトウ  吉田 ヨシダ  山田 ヤマダ  佐々木 ササキ  山口 ヤマグチ
松本 マツモト  井上 イノウエ  木村 キムラ  林 ハヤシ  斎藤 サイトウ  清水 シミズ  山崎 ヤマザキ
森 モリ  池田 イケダ  橋本 ハシモト  阿部 アベ  石川 イシカワ  山下 ヤマシタ  中島 ナカジマ
石井 イシイ  小川 オガワ  前田 マエダ  岡田 オカダ  長谷川 ハセガワ  藤田 フジタ  後藤 ゴトウ
近藤 コンドウ  村上 ムラカミ  遠藤 エンドウ  青木 アオキ  坂本 サカモト  福田 フクダ  太田 オオタ
西村 ニシムラ  藤井 フジイ  金子 カネコ  岡本 オカモト  藤原 フジワラ  中野 ナカノ  三浦 ミウラ
原田 ハラダ  中川 ナカガワ  松田 マツダ  竹内 タケウチ  小野 オノ  田村 タムラ  中山 ナカヤマ
和田 ワダ  石田 イシダ  森田 モリタ  上田 ウエダ  原 ハラ  内田 ウチダ  柴田 シバタ
酒井 サカイ  宮崎 ミヤザキ  横山 ヨコヤマ  高木 タカギ  安藤 アンドウ  宮本 ミヤモト  大野 オオノ
小島 コジマ  谷口 タニグチ  今井 イマイ  工藤 クドウ  高田 タカダ  増田 マスダ  丸山 マルヤマ
杉山 スギヤマ  村田 ムラタ  大塚 オオツカ  新井 アライ  小山 コヤマ  平野 ヒラノ  藤本 フジモト
河野 コウノ  上野 ウエノ  野口 ノグチ  武田 タケダ  松井 マツイ  千葉 チバ  菅原 スガワラ
岩崎 イワサキ  久保 クボ  木下 キノシタ  佐野 サノ  野村 ノムラ  松尾 マツオ  菊地 キクチ
杉本 スギモト  市川 イチカワ  古川 フルカワ  大西 オオニシ  島田 シマダ  水野 ミズノ  桜井 サクライ
高野 タカノ  渡部 ワタナベ  吉川 ヨシカワ  山内 ヤマウチ  西田 ニシダ  飯田 イイダ  菊池 キクチ
西川 ニシカワ  小松 コマツ  北村 キタムラ  安田 ヤスダ  五十嵐 イガラシ  川口 カワグチ  平田 ヒラタ
関 セキ  中田 ナカタ  久保田 クボタ  服部 ハットリ  東 アズマ  岩田 イワタ  土屋 ツチヤ
川崎 カワサキ  福島 フクシマ  本田 ホンダ  辻 ツジ  樋口 ヒグチ  秋山 アキヤマ  田口 タグチ
永井 ナガイ  山中 ヤマナカ  中西 ナカニシ  吉村 ヨシムラ  川上 カワカミ  石原 イシハラ  大橋 オオハシ
松岡 マツオカ  馬場 ババ  浜田 ハマダ  森本 モリモト  星野 ホシノ  矢野 ヤノ  浅野 アサノ
大島 オオシマ  松下 マツシタ  吉岡 ヨシオカ  小池 コイケ  野田 ノダ  荒木 アラキ  熊谷 クマガイ
松浦 マツウラ  大谷 オオタニ  内藤 ナイトウ  黒田 クロダ  尾崎 オザキ  川村 カワムラ
""")

_MALE_OLDER = _pairs("""
清 キヨシ  実 ミノル  勇 イサム  茂 シゲル  正 タダシ  弘 ヒロシ  進 ススム
博 ヒロシ  隆 タカシ  昭 アキラ  勝 マサル  修 オサム  豊 ユタカ  明 アキラ
誠 マコト  正雄 マサオ  幸雄 ユキオ  和夫 カズオ  義雄 ヨシオ  光男 ミツオ  敏雄 トシオ
健一 ケンイチ  浩 ヒロシ  浩二 コウジ  和彦 カズヒコ  正之 マサユキ  秀樹 ヒデキ  哲也 テツヤ
英樹 ヒデキ  直樹 ナオキ  剛 ツヨシ  学 マナブ  徹 トオル  聡 サトシ  健 ケン
達也 タツヤ  一郎 イチロウ  俊夫 トシオ  忠 タダシ  信夫 ノブオ  孝 タカシ  守 マモル
功 イサオ  昇 ノボル  武 タケシ  幸一 コウイチ
""")

_MALE_YOUNGER = _pairs("""
大輔 ダイスケ  健太 ケンタ  翔 ショウ  翔太 ショウタ  拓也 タクヤ  直人 ナオト  大樹 ダイキ
亮 リョウ  駿 シュン  拓海 タクミ  颯太 ソウタ  蓮 レン  大翔 ヒロト  陽翔 ハルト
悠真 ユウマ  湊 ミナト  樹 イツキ  蒼 アオイ  律 リツ  朝陽 アサヒ  悠斗 ユウト
陸 リク  海斗 カイト  優斗 ユウト  和真 カズマ  航 ワタル  涼 リョウ  瑛太 エイタ
晴 ハル  新 アラタ  伊織 イオリ  颯 ハヤテ  陽太 ヨウタ  結斗 ユイト  奏太 ソウタ
智也 トモヤ  裕太 ユウタ  慎吾 シンゴ  圭介 ケイスケ  洋平 ヨウヘイ  雄大 ユウダイ  康平 コウヘイ
俊介 シュンスケ  啓太 ケイタ  誠也 セイヤ
""")

_FEMALE_OLDER = _pairs("""
和子 カズコ  幸子 サチコ  洋子 ヨウコ  節子 セツコ  京子 キョウコ  恵子 ケイコ  久子 ヒサコ
美智子 ミチコ  弘子 ヒロコ  順子 ジュンコ  文子 フミコ  信子 ノブコ  良子 ヨシコ  明美 アケミ
真由美 マユミ  久美子 クミコ  由美子 ユミコ  裕子 ユウコ  直美 ナオミ  智子 トモコ  陽子 ヨウコ
純子 ジュンコ  香織 カオリ  恵美 エミ  千代 チヨ  静子 シズコ  敏子 トシコ  道子 ミチコ
光子 ミツコ  典子 ノリコ  照子 テルコ  悦子 エツコ  昌子 マサコ  律子 リツコ  喜美子 キミコ
孝子 タカコ  富子 トミコ  紀子 ノリコ  雅子 マサコ  邦子 クニコ  礼子 レイコ  百合子 ユリコ
""")

_FEMALE_YOUNGER = _pairs("""
愛 アイ  彩 アヤ  美咲 ミサキ  舞 マイ  七海 ナナミ  葵 アオイ  陽菜 ヒナ
結衣 ユイ  凛 リン  紬 ツムギ  芽依 メイ  莉子 リコ  美月 ミヅキ  結菜 ユナ
杏 アン  咲良 サクラ  心春 コハル  澪 ミオ  陽葵 ヒマリ  琴音 コトネ  楓 カエデ
千尋 チヒロ  麻衣 マイ  優花 ユウカ  綾香 アヤカ  真央 マオ  優 ユウ  桃子 モモコ
詩織 シオリ  瞳 ヒトミ  恵 メグミ  茜 アカネ  遥 ハルカ  沙織 サオリ  早紀 サキ
里奈 リナ  麻美 アサミ  友美 トモミ  千春 チハル  紗希 サキ  志穂 シホ  菜々子 ナナコ
花音 カノン  柚希 ユズキ  一花 イチカ  和奏 ワカナ
""")

GENERATION_CHANGE = 1978
"""Year of birth from which the younger names are given."""

_GIVEN = {MALE: (_MALE_OLDER, _MALE_YOUNGER), FEMALE: (_FEMALE_OLDER, _FEMALE_YOUNGER)}


def given_names(sex: str, birth_year: int) -> tuple[Name, ...]:
    """The given names from which a person of that sex and year of birth gets one."""
    return _GIVEN[sex][birth_year >= GENERATION_CHANGE]


GIVEN = _MALE_OLDER + _MALE_YOUNGER + _FEMALE_OLDER + _FEMALE_YOUNGER
