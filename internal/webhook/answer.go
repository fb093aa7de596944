package webhook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"clientele"
)

// readAnswer returns the beginning of a body, without the secrets of the subscription. One that is longer is not read on: its
// connection is closed.
func readAnswer(r io.Reader, sub *clientele.Subscription) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, clientele.MaxAnswerBytes+1))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if len(b) == 0 { // as most are
		return b, err
	}
	secrets := secretsOf(sub)
	isCut := err != nil || len(b) > clientele.MaxAnswerBytes
	b = hideSecrets(b[:min(len(b), clientele.MaxAnswerBytes)], secrets)
	if isCut {
		b = hideBeginning(b, secrets)
	}
	return b, err
}

// secretMark stands for a secret in an answer. It is no longer than any that is looked for, so that no answer grows.
const secretMark = "…"

// hideSecrets returns an answer with the mark in place of secrets: a receiver may answer with what it was sent, and everybody who
// may look at deliveries reads that.
func hideSecrets(answer []byte, secrets []string) []byte {
	for _, s := range secrets {
		if bytes.Contains(answer, []byte(s)) {
			answer = bytes.ReplaceAll(answer, []byte(s), []byte(secretMark))
		}
	}
	return answer
}

// harmless is how many bytes of a secret's beginning tell nothing of it; an answer ends in them by chance.
const harmless = 3

// hideBeginning returns an answer that was cut off, with no beginning of a secret at its end.
func hideBeginning(answer []byte, secrets []string) []byte {
	longest := 0
	for _, s := range secrets {
		for n := min(len(s)-1, len(answer)); n > max(longest, harmless); n-- {
			if bytes.HasSuffix(answer, []byte(s[:n])) {
				longest = n
			}
		}
	}
	return answer[:len(answer)-longest]
}

// minHidden is the length in bytes from which a secret is looked for: a shorter one would blot out the answer and is soon guessed.
const minHidden = len(secretMark)

// secretsOf returns the secrets of a subscription in the forms in which an answer may have them: as they are, and as programs write
// them in JSON. The longest are first, since one may have another in it.
func secretsOf(sub *clientele.Subscription) []string {
	var list []string
	signing := append(strings.Fields(sub.PreviousSecret), sub.SigningSecret)
	for _, secret := range append(signing, sub.Secret) {
		secret = strings.TrimPrefix(secret, secretPrefix)
		if len(secret) < minHidden {
			continue
		}
		quoted := string(clientele.AppendQuoted(nil, secret))
		quoted = quoted[1 : len(quoted)-1]
		for _, form := range []string{secret, quoted, htmlSafe.Replace(quoted), inASCII(quoted)} {
			list = append(list, form, strings.ReplaceAll(form, "/", `\/`))
		}
	}
	slices.SortFunc(list, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(list)
}

// htmlSafe writes a text of JSON as Go does.
var htmlSafe = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`)

// inASCII writes a text of JSON as Python and PHP do.
func inASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}
