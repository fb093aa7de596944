package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"

	"clientele"
)

// compare reads both sides from the beginning and returns what the source has of each table.
func compare(ctx context.Context, from, to Source, parts []clientele.Part) ([]Report, error) {
	var reports []Report
	sums := map[string]*[2]sum{}
	for i := range parts {
		p := &parts[i]
		both := sums[p.Table]
		if both == nil {
			both = &[2]sum{{hash: sha256.New()}, {hash: sha256.New()}}
			sums[p.Table] = both
			reports = append(reports, Report{Table: p.Table})
		}
		for side, store := range [...]Source{from, to} {
			if err := both[side].add(ctx, store, p); err != nil {
				return nil, fmt.Errorf("compare table %s: %w", p.Table, err)
			}
		}
	}
	for i := range reports {
		here, there := &sums[reports[i].Table][0], &sums[reports[i].Table][1]
		reports[i].Rows, reports[i].Checksum = here.rows, here.String()
		if here.String() != there.String() {
			return nil, clientele.Errorf(clientele.KindConflict,
				"table %s differs: %d rows at the source, %d at the target; was the source written to meanwhile? Begin again with an empty target",
				reports[i].Table, here.rows, there.rows)
		}
	}
	return reports, nil
}

// sum is a checksum over rows.
type sum struct {
	hash hash.Hash
	rows int64
	line []byte
}

func (s *sum) String() string { return hex.EncodeToString(s.hash.Sum(nil)) }

// add adds all rows of a part.
func (s *sum) add(ctx context.Context, store Source, p *clientele.Part) error {
	var last []any
	for {
		rows, err := store.DumpRows(ctx, p, last, pageRows)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			s.line = s.line[:0]
			for _, value := range row {
				s.line = appendValue(s.line, value)
			}
			s.hash.Write(s.line)
			s.rows++
		}
		last = p.KeyOf(rows[len(rows)-1])
	}
}

// appendValue appends a value with its kind and length, so that no two rows look alike unless they are.
func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(b, 0)
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 1), uint64(v))
	case string:
		return append(binary.BigEndian.AppendUint64(append(b, 2), uint64(len(v))), v...)
	case []byte:
		return append(binary.BigEndian.AppendUint64(append(b, 3), uint64(len(v))), v...)
	default:
		panic(fmt.Sprintf("transfer: a value of type %T", value))
	}
}
