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

// compare reads both sides from the beginning and returns what they have of each table. The first part that differs is an
// error of kind conflict.
func compare(ctx context.Context, from, to Source, parts []clientele.Part, m *meter) ([]Report, error) {
	var reports []Report
	var here, there *sum
	for i := range parts {
		p := &parts[i]
		if i == 0 || p.Table != parts[i-1].Table {
			here, there = newSum(m), newSum(m)
			reports = append(reports, Report{Table: p.Table})
		}
		if err := here.add(ctx, from, p); err != nil {
			return nil, fmt.Errorf("compare table %s: read the source: %w", p.Table, err)
		}
		if err := there.add(ctx, to, p); err != nil {
			return nil, fmt.Errorf("compare table %s: read the target: %w", p.Table, err)
		}
		if here.String() != there.String() {
			return nil, difference(p, here.part, there.part)
		}
		last := &reports[len(reports)-1]
		last.Rows, last.Checksum = here.rows, here.String()
	}
	return reports, nil
}

func difference(p *clientele.Part, here, there int64) error {
	what := "table " + p.Table
	if p.Owned {
		what = fmt.Sprintf("table %s of project %d", p.Table, p.Project)
	}
	return clientele.Errorf(clientele.KindConflict,
		"%s differs: %d rows at the source, %d at the target. Somebody wrote to one of them meanwhile: stop the servers of both, and begin again with an empty target",
		what, here, there)
}

// sum is a checksum over the rows of a table.
type sum struct {
	hash  hash.Hash
	meter *meter
	rows  int64
	part  int64 // how many of the rows are of the last part
	line  []byte
}

func newSum(m *meter) *sum { return &sum{hash: sha256.New(), meter: m} }

func (s *sum) String() string { return hex.EncodeToString(s.hash.Sum(nil)) }

// tellEvery is after how many rows a comparison tells how far it is.
const tellEvery = 1000

// add adds all rows of a part.
func (s *sum) add(ctx context.Context, store Source, p *clientele.Part) error {
	s.part = 0
	for row, err := range store.DumpRows(ctx, p, nil) {
		if err != nil {
			return err
		}
		s.line = s.line[:0]
		for i, value := range row {
			var known bool
			if s.line, known = appendValue(s.line, value); !known {
				return fmt.Errorf("column %s holds a %T", p.Columns[i], value)
			}
		}
		s.hash.Write(s.line)
		if s.part++; s.part%tellEvery == 0 {
			s.meter.add(tellEvery)
		}
	}
	s.meter.add(int(s.part % tellEvery))
	s.rows += s.part
	return nil
}

// appendValue appends a value with its kind and length, so that no two rows look alike unless they are. It reports false
// for what no Row may hold.
func appendValue(b []byte, value any) ([]byte, bool) {
	switch v := value.(type) {
	case nil:
		return append(b, 0), true
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 1), uint64(v)), true
	case string:
		return append(binary.BigEndian.AppendUint64(append(b, 2), uint64(len(v))), v...), true
	case []byte:
		return append(binary.BigEndian.AppendUint64(append(b, 3), uint64(len(v))), v...), true
	default:
		return b, false
	}
}
