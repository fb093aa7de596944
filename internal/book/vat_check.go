package book

import (
	"strings"
	"time"
)

// The national checks. Each gets a body that has its format (see vatForms, which names the sources), so indices and
// digits need no further care. C1, C2, … are a body's characters, counted from 1, as in the Commission's document.

// checkAustria: the check digit brings Luhn's sum of the seven digits, plus 4, to a multiple of 10.
func checkAustria(body string) bool {
	return (luhnSum(body[1:8])+4+intOf(body[8:]))%10 == 0
}

// checkBelgium: the last two digits are 97 minus the first eight mod 97, so 01 to 97.
func checkBelgium(body string) bool {
	return body[0] <= '1' && intOf(body[8:]) == 97-intOf(body[:8])%97
}

// checkBulgariaLegal: mod 11, in a second round with other weights when the first leaves 10.
func checkBulgariaLegal(body string) bool {
	sum := weighted(body, 1, 2, 3, 4, 5, 6, 7, 8) % 11
	if sum == 10 {
		sum = weighted(body, 3, 4, 5, 6, 7, 8, 9, 10) % 11 % 10
	}
	return sum == intOf(body[8:])
}

// checkBulgariaOther: ten digits are a citizen's EGN, a foreigner's number or neither; each has a rule of its own.
func checkBulgariaOther(body string) bool {
	check := intOf(body[9:])
	citizen := weighted(body, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == check && isBulgarianBirthDate(body)
	foreigner := weighted(body, 21, 19, 17, 13, 11, 9, 7, 3, 1)%10 == check
	other := (11-weighted(body, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11 == check
	return citizen || foreigner || other
}

// isBulgarianBirthDate: the month carries the century, +20 for the 1800s and +40 for the 2000s.
func isBulgarianBirthDate(body string) bool {
	year, month, day := 1900+intOf(body[:2]), intOf(body[2:4]), intOf(body[4:6])
	switch {
	case month > 40:
		year, month = year+100, month-40
	case month > 20:
		year, month = year-100, month-20
	}
	return dayExists(year, month, day)
}

// checkCyprus: digits in odd places are translated, then all are added; mod 26 gives the letter.
func checkCyprus(body string) bool {
	translation := [10]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21}
	sum := 0
	for i := range 8 {
		d := int(body[i] - '0')
		if i%2 == 0 {
			d = translation[d]
		}
		sum += d
	}
	return body[:2] != "12" && byte('A'+sum%26) == body[8]
}

// checkCzechLegal: 11 minus the weighted sum mod 11, where 10 is written 0 and 11 is written 1.
func checkCzechLegal(body string) bool {
	check := 11 - weighted(body, 8, 7, 6, 5, 4, 3, 2)%11
	return body[0] != '9' && check%10 == intOf(body[7:])
}

// checkCzechNine: a special case when it starts with 6, else a birth number given out before 1954, without check digit.
func checkCzechNine(body string) bool {
	if body[0] != '6' {
		year := intOf(body[:2])
		if year >= 80 {
			return isCzechBirthDate(1800+year, body)
		}
		return year < 54 && isCzechBirthDate(1900+year, body)
	}
	// VCR gives the check digit for 11 minus the remainder, 1 to 11, as a list.
	checks := [12]int{1: 8, 7, 6, 5, 4, 3, 2, 1, 0, 9, 8}
	return checks[11-weighted(body[1:], 8, 7, 6, 5, 4, 3, 2)%11] == intOf(body[8:])
}

// checkCzechBirthNumber: ten digits, since 1954; the first nine mod 11 is the last, where 10 is written 0.
func checkCzechBirthNumber(body string) bool {
	year := 1900 + intOf(body[:2])
	if year < 1954 {
		year += 100
	}
	return intOf(body[:9])%11%10 == intOf(body[9:]) && isCzechBirthDate(year, body)
}

// isCzechBirthDate: women have 50 added to the month; 20 more when a day's numbers ran out, since 2004.
func isCzechBirthDate(year int, body string) bool {
	month := intOf(body[2:4])
	if month > 50 {
		month -= 50
	}
	if month > 20 && year >= 2004 {
		month -= 20
	}
	return dayExists(year, month, intOf(body[4:6]))
}

// checkGreece: weights 256 to 2, mod 11, where 10 is written 0.
func checkGreece(body string) bool {
	return weighted(body, 256, 128, 64, 32, 16, 8, 4, 2)%11%10 == intOf(body[8:])
}

// checkFrance: the key is computed from the SIREN in one of two ways. Numeric: the SIREN followed by 12, mod 97. With a
// letter: the key's place in a list without O and I is congruent to the SIREN mod 11.
func checkFrance(body string) bool {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	siren := body[2:]
	if siren[:3] != "000" && !luhn(siren) {
		return false
	}
	first, second := strings.IndexByte(alphabet, body[0]), strings.IndexByte(alphabet, body[1])
	if first < 0 || second < 0 {
		return false
	}
	if first < 10 && second < 10 {
		return intOf(siren+"12")%97 == intOf(body[:2])
	}
	key := first*34 + second - 100
	if first < 10 {
		key = first*24 + second - 10
	}
	return (intOf(siren)+1+key/11)%11 == key%11
}

// checkItaly: Luhn over company, office and check digit.
func checkItaly(body string) bool {
	office := intOf(body[7:10])
	isOffice := 1 <= office && office <= 100 || office == 120 || office == 121 || office == 888 || office == 999
	return body[:7] != "0000000" && isOffice && luhn(body)
}

// checkLithuania serves both lengths: weights 1 to 9, over and over, mod 11; on 10 once more, starting with weight 3.
func checkLithuania(body string) bool {
	last := len(body) - 1
	sum := func(start int) int {
		total := 0
		for i := range last {
			total += ((i+start-1)%9 + 1) * int(body[i]-'0')
		}
		return total % 11
	}
	check := sum(1)
	if check == 10 {
		check = sum(3) % 10
	}
	return body[last-1] == '1' && check == intOf(body[last:])
}

// checkLatvia: above 3 a legal entity; else a personal code, which starts with the birth date or, since July 2017, with 32.
func checkLatvia(body string) bool {
	if body[0] > '3' {
		return weighted(body, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1)%11 == 3
	}
	day, month, year := intOf(body[:2]), intOf(body[2:4]), 1800+100*intOf(body[6:7])+intOf(body[4:6])
	check := (1 + weighted(body, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9)) % 11 % 10
	return check == intOf(body[10:]) && (day == 32 || dayExists(year, month, day))
}

// checkNetherlands: elfproef on the nine digits, or, for sole traders, ISO/IEC 7064 MOD 97-10 over NL and everything,
// where a letter counts as its place in the alphabet plus 9.
func checkNetherlands(body string) bool {
	if body[:9] == "000000000" || body[10:] == "00" {
		return false
	}
	// The weight of C9 is -1, which mod 11 is 10.
	if weighted(body, 9, 8, 7, 6, 5, 4, 3, 2, 10)%11 == 0 {
		return true
	}
	return intOf("2321"+body[:9]+"11"+body[10:])%97 == 1
}

// checkPortugal: 11 minus the weighted sum mod 11, where 10 and 11 are written 0.
func checkPortugal(body string) bool {
	return (11-weighted(body, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11%10 == intOf(body[8:])
}

// checkRomania: ten times the weighted sum, counted from the right, mod 11, where 10 is written 0.
func checkRomania(body string) bool {
	weights := [9]int{7, 5, 3, 2, 1, 7, 5, 3, 2}
	last := len(body) - 1
	return weighted(body, weights[9-last:]...)*10%11%10 == intOf(body[last:])
}

// checkSweden: Luhn over the first ten digits; the suffix counts a holder's registrations.
func checkSweden(body string) bool {
	suffix := intOf(body[10:])
	return luhn(body[:10]) && 1 <= suffix && suffix <= 94
}

// checkSlovenia: 11 minus the weighted sum mod 11, where 10 is written 0 and 11 is not given out.
func checkSlovenia(body string) bool {
	check := 11 - weighted(body, 8, 7, 6, 5, 4, 3, 2)%11
	return check != 11 && check%10 == intOf(body[7:])
}

func checkSlovakia(body string) bool {
	return strings.IndexByte("234789", body[2]) >= 0 && intOf(body)%11 == 0
}

// checkBritain: the weighted sum and the two check digits make a multiple of 97, with 55 more ("9755") for numbers
// from 100 onwards, given out since 2009. The branch, C10 to C12, is not checked.
func checkBritain(body string) bool {
	if body[:9] == "000000000" {
		return false
	}
	sum := weighted(body, 8, 7, 6, 5, 4, 3, 2, 10, 1)
	return sum%97 == 0 || body[0] != '0' && (sum+55)%97 == 0
}

// dayExists reports whether the calendar has the day.
func dayExists(year, month, day int) bool {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t.Year() == year && int(t.Month()) == month && t.Day() == day
}
