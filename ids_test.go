package clientele

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestParseIDs(t *testing.T) {
	for text, want := range map[string][]int64{
		"[]": nil, " [ ] ": nil, "[1]": {1}, "[3,1,2]": {3, 1, 2}, "[ 1 ,\n2 ]": {1, 2},
		"[9223372036854775807,-5]": {9223372036854775807, -5},
	} {
		if got, err := ParseIDs([]byte(text)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "null", "1", "[", "]", "[1", "1]", "[1,]", "[,1]", `["1"]`, "[1.5]", "[1][2]", "[9223372036854775808]", "[1 2]"} {
		if got, err := ParseIDs([]byte(text)); err == nil {
			t.Errorf("%s is taken for %v", text, got)
		}
	}
}

// FuzzParseIDs holds that what is taken is what any reader of JSON reads, and that every array of whole numbers is taken.
func FuzzParseIDs(f *testing.F) {
	for _, text := range []string{"[1,2]", "[]", " [1 , -2]", "[1.0]", "[1e3]", "[01]", "[+1]", "[1_0]", `["1"]`, "[[1]]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ParseIDs(text)
		var want []int64
		if failed := json.Unmarshal(text, &want); failed == nil && string(text) != "null" && err != nil && want != nil {
			t.Errorf("%q is refused: %v", text, err)
		} else if failed == nil && err == nil && !slices.Equal(got, want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
		kept, _ := json.Marshal(got)
		if again, failed := ParseIDs(kept); err == nil && got != nil && (failed != nil || !slices.Equal(again, got)) {
			t.Errorf("%v written and read once more is %v, %v", got, again, failed)
		}
	})
}
