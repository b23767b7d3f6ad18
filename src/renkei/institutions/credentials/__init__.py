"""Papers that the card consolidates (保険の資格, 国家資格, 印鑑登録, 職員証), each issued by who is competent."""
