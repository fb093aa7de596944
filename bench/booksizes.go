//go:build linux

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// bookSizes are the customers of full books, the smallest first. It is a flag.Value.
type bookSizes []int64

// String implements flag.Value.
func (s *bookSizes) String() string {
	texts := make([]string, len(*s))
	for i, size := range *s {
		texts[i] = strconv.FormatInt(size, 10)
	}
	return strings.Join(texts, ",")
}

// Set implements flag.Value. A 0 is no book.
func (s *bookSizes) Set(text string) error {
	*s = nil
	for word := range strings.SplitSeq(text, ",") {
		size, err := strconv.ParseInt(strings.TrimSpace(word), 10, 64)
		if err != nil || size < 0 || size > idSpace/2 {
			return fmt.Errorf("%q is not between 0 and %d", word, idSpace/2)
		}
		if size > 0 && !slices.Contains(*s, size) {
			*s = append(*s, size)
		}
	}
	slices.Sort(*s)
	return nil
}

// largest is 0 for no book.
func (s bookSizes) largest() int64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1]
}

// grouped writes them for people.
func (s bookSizes) grouped() string {
	if len(s) == 0 {
		return "no full book"
	}
	texts := make([]string, len(s))
	for i, size := range s {
		texts[i] = grouped(float64(size))
	}
	return "full books: " + strings.Join(texts, " and ") + " customers"
}
