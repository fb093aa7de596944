package clientele

import (
	"bytes"
	"fmt"
	"strconv"
)

// ParseIDs reads a JSON array of ids, as stores keep those of an event: whole numbers, in any spacing. There are hundreds in one,
// and it is read once for each receiver of the event, where a reader of any JSON takes longer than sending it.
func ParseIDs(text []byte) ([]int64, error) {
	inside, opened := bytes.CutPrefix(bytes.TrimSpace(text), []byte("["))
	inside, closed := bytes.CutSuffix(inside, []byte("]"))
	if !opened || !closed {
		return nil, fmt.Errorf("%.40q is no array of ids", text)
	}
	if inside = bytes.TrimSpace(inside); len(inside) == 0 {
		return nil, nil
	}
	ids := make([]int64, 0, bytes.Count(inside, []byte(","))+1)
	for more := true; more; {
		var one []byte
		one, inside, more = bytes.Cut(inside, []byte(","))
		id, err := strconv.ParseInt(string(bytes.TrimSpace(one)), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%.40q is no id", one)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
