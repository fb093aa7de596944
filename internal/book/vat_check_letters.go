package book

import "strings"

// The checks of the two countries whose check character is a letter that depends on the kind of holder.

// spanishLetters are the check letters of persons, the number mod 23 (Ministry of the Interior, check digit of DNI and NIE).
const spanishLetters = "TRWAGMYFPDXBNJZSQVHLCKE"

// checkSpainPerson: the eight digits of a DNI and its letter.
func checkSpainPerson(body string) bool {
	return spanishLetters[intOf(body[:8])%23] == body[8]
}

// checkSpainLettered: the first letter tells the kind of holder (order EHA/451/2008 for entities).
func checkSpainLettered(body string) bool {
	digits, check := body[1:8], body[8]
	switch kind := body[0]; {
	case kind >= 'X': // foreigners with a NIE: X, Y, Z count as 0, 1, 2
		return spanishLetters[(int(kind-'X')*10_000_000+intOf(digits))%23] == check
	case strings.IndexByte("KLM", kind) >= 0: // persons without DNI or NIE
		return spanishLetters[intOf(digits)%23] == check
	case strings.IndexByte("NPQRSW", kind) >= 0: // foreign entities and public bodies: always a letter
		_, letter := spanishControl(digits)
		return check == letter
	case strings.IndexByte("ABCDEFGHJUV", kind) >= 0: // a digit; foreign ones had a letter until 2008
		digit, letter := spanishControl(digits)
		return check == digit || check == letter
	default: // I, O, T
		return false
	}
}

// spanishControl returns Luhn's check digit of an entity's seven digits and the letter that stands for it: 1 is A, 9 is I,
// 0 is J.
func spanishControl(digits string) (digit, letter byte) {
	control := (10 - luhnSum(digits+"0")%10) % 10
	return byte('0' + control), "JABCDEFGHI"[control]
}

// irishLetters are the check letters for the remainders 0 to 22.
const irishLetters = "WABCDEFGHIJKLMNOPQRSTUV"

// checkIrelandEight: seven digits and the check letter. In the older numbers C2 is a letter, "+" or "*" and C1
// comes last in the sum.
func checkIrelandEight(body string) bool {
	digits := body[:7]
	if c := body[1]; c < '0' || c > '9' {
		digits = "0" + body[2:7] + body[:1]
	}
	return irishLetters[weighted(digits, 8, 7, 6, 5, 4, 3, 2)%23] == body[7]
}

// checkIrelandNine: seven digits, the check letter, and a letter that counts nine times: A to I (since 2013), or W, which
// counts nothing (a married couple's number, no longer given out).
func checkIrelandNine(body string) bool {
	kind := strings.IndexByte("WABCDEFGHI", body[8])
	return kind >= 0 && irishLetters[(weighted(body, 8, 7, 6, 5, 4, 3, 2)+9*kind)%23] == body[7]
}
