package book

// greekVATFormat tells numbers that were sent with Greece's ISO code GR from other texts that start with these letters.
const greekVATFormat = "999999999"

// vatForms is the table of rules: VAT prefix → the forms of its numbers. The structures come from the European
// Commission's "VIES on the Web: frequently asked questions", table "VAT identification number structure" (below: VIES);
// the ranges and check digits from its "VIES VAT Number Construction Rules", functional description, version 15.0
// (DG TAXUD; below: VCR), except where a row names another source. The longer checks are in vat_check.go.
var vatForms = map[string][]vatForm{
	// Austria, Umsatzsteuer-Identifikationsnummer. VIES: ATU99999999. VCR: Luhn's sum shifted by 4.
	"AT": {{format: "U99999999", check: checkAustria}},

	// Belgium, enterprise number. VIES: BE0999999999 or BE1999999999 (royal decree of 23 June 2003; the FPS Economy gives
	// out the 1 series since September 2023). VCR: mod 97.
	"BE": {{format: "9999999999", check: checkBelgium}},

	// Bulgaria. VIES: 9 digits (BULSTAT of legal entities) or 10 (EGN of persons, number of foreigners, others).
	// VCR: weighted sums, mod 11 or mod 10.
	"BG": {
		{format: "999999999", check: checkBulgariaLegal},
		{format: "9999999999", check: checkBulgariaOther},
	},

	// Cyprus. VIES: 8 digits and a letter. VCR: mod 26, not starting with 12. Numbers that start with 6 (Cyprus Tax
	// Department, announcement of May 2023) follow the same rule; VIES knows such numbers.
	"CY": {{format: "99999999L", check: checkCyprus}},

	// Czechia, DIČ. VIES: 8, 9 or 10 digits. VCR: legal entities mod 11; persons by birth number (rodné číslo, act
	// 133/2000 Coll. § 13); 9 digits starting with 6 are the special cases.
	"CZ": {
		{format: "99999999", check: checkCzechLegal},
		{format: "999999999", check: checkCzechNine},
		{format: "9999999999", check: checkCzechBirthNumber},
	},

	// Germany, Umsatzsteuer-Identifikationsnummer. VIES: 9 digits. VCR: first digit not 0, ISO/IEC 7064 MOD 11,10.
	"DE": {{format: "999999999", check: notZeroFirst(mod11And10)}},

	// Denmark, CVR number. VIES: 8 digits. VCR: first digit not 0, mod 11.
	"DK": {{format: "99999999", check: notZeroFirst(sumMod(11, 0, 2, 7, 6, 5, 4, 3, 2, 1))}},

	// Estonia, KMKR number. VIES: 9 digits. VCR: weights 3, 7, 1, mod 10.
	"EE": {{format: "999999999", check: sumMod(10, 0, 3, 7, 1, 3, 7, 1, 3, 7, 1)}},

	// Greece, AFM. VIES: 9 digits. VCR: powers of two, mod 11, mod 10.
	"EL": {{format: greekVATFormat, check: checkGreece}},

	// Spain, NIF. VIES: 9 characters, the first or the last or both a letter. VCR: DNI and NIE mod 23, entities Luhn.
	"ES": {
		{format: "99999999L", check: checkSpainPerson},
		{format: "L9999999X", check: checkSpainLettered},
	},

	// Finland, Y-tunnus. VIES: 8 digits. VCR: mod 11, no check digit for remainder 1.
	"FI": {{format: "99999999", check: sumMod(11, 0, 7, 9, 10, 5, 8, 4, 2, 1)}},

	// France and Monaco, numéro de TVA. VIES: key of 2 characters, none of them O or I, then 9 digits (SIREN). VCR: numeric
	// key mod 97, key with letters mod 11. SIREN: Luhn (Insee); the numbers of Monaco have 000 in place of a SIREN's start.
	"FR": {{format: "XX999999999", check: checkFrance}},

	// Croatia, OIB. VIES: 11 digits. ISO/IEC 7064 MOD 11,10 (Porezna uprava, structure of the OIB).
	"HR": {{format: "99999999999", check: mod11And10}},

	// Hungary, közösségi adószám. VIES: 8 digits. VCR: weights 9, 7, 3, 1, mod 10.
	"HU": {{format: "99999999", check: sumMod(10, 0, 9, 7, 3, 1, 9, 7, 3, 1)}},

	// Ireland. VIES: 8 characters (IE9S99999L, old and current) or 9 (two letters at the end, since 2013). VCR: mod 23.
	"IE": {
		{format: "9S99999L", check: checkIrelandEight},
		{format: "9999999LL", check: checkIrelandNine},
	},

	// Italy, partita IVA. VIES: 11 digits. VCR: company, office (001 to 100, 120, 121, 888, 999), Luhn.
	"IT": {{format: "99999999999", check: checkItaly}},

	// Lithuania, PVM code. VIES: 9 digits (legal entities) or 12 (temporarily registered). VCR: last but one is 1, mod 11
	// in two rounds.
	"LT": {
		{format: "999999999", check: checkLithuania},
		{format: "999999999999", check: checkLithuania},
	},

	// Luxembourg. VIES: 8 digits. VCR: first six mod 89.
	"LU": {{format: "99999999", check: func(body string) bool { return intOf(body[:6])%89 == intOf(body[6:]) }}},

	// Latvia, PVN number. VIES: 11 digits. VCR: legal entities start above 3, mod 11; persons have their personal code.
	"LV": {{format: "99999999999", check: checkLatvia}},

	// Malta. VIES: 8 digits. VCR: first digit not 0, mod 37.
	"MT": {{format: "99999999", check: notZeroFirst(sumMod(37, 0, 3, 4, 6, 7, 8, 9, 10, 1))}},

	// Netherlands, btw-identificatienummer. VIES: 9 digits, B, 2 digits. VCR: elfproef; sole traders since 2020 (Belasting-
	// dienst, "nieuw btw-identificatienummer"): mod 97 over the whole number.
	"NL": {{format: "999999999B99", check: checkNetherlands}},

	// Poland, NIP. VIES: 10 digits. VCR: mod 11 (the weight of the check digit is -1), no check digit for remainder 10.
	"PL": {{format: "9999999999", check: sumMod(11, 0, 6, 5, 7, 2, 3, 4, 5, 6, 7, 10)}},

	// Portugal, NIF. VIES: 9 digits. VCR: first digit not 0, mod 11.
	"PT": {{format: "999999999", check: notZeroFirst(checkPortugal)}},

	// Romania, CUI. VIES: 2 to 10 digits. VCR: first digit not 0, mod 11, mod 10.
	"RO": {{format: "9999999999", shortest: 2, check: notZeroFirst(checkRomania)}},

	// Sweden, momsregistreringsnummer. VIES: 12 digits. VCR: organisation or personal number with Luhn, then 01 to 94.
	"SE": {{format: "999999999999", check: checkSweden}},

	// Slovenia, ID za DDV. VIES: 8 digits. VCR: first digit not 0, mod 11.
	"SI": {{format: "99999999", check: notZeroFirst(checkSlovenia)}},

	// Slovakia, IČ DPH. VIES: 10 digits. VCR: first digit not 0, third one of 2, 3, 4, 7, 8, 9, divisible by 11.
	"SK": {{format: "9999999999", check: notZeroFirst(checkSlovakia)}},

	// Northern Ireland: the British structure under the prefix XI since 2021 (Protocol on Ireland/Northern Ireland, Council
	// Directive (EU) 2020/1756). VIES: 9 digits, 12 with a branch, GD or HA and 3 digits. VCR: mod 97 and 9755.
	"XI": {
		{format: "999999999", check: checkBritain},
		{format: "999999999999", check: checkBritain},
		{format: "GD999", check: func(body string) bool { return body[2] < '5' }},
		{format: "HA999", check: func(body string) bool { return body[2] >= '5' }},
	},
}
