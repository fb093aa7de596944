package verify

import (
	"context"
	"math"

	"clientele"
)

// blockOf is a run of ids that is looked at together: as many as share a block of terms.
type blockOf struct{ from, to int64 }

// blocks goes through the blocks of ids in which one of the tables has a row, each in a snapshot of its own. starts returns
// the ranges to look for such a row in, from an id on.
func (v *verifier) blocks(
	ctx context.Context, starts func(from int64) []*clientele.RowRange, check func(clientele.Snapshot, blockOf) error,
) error {
	for from := int64(0); ; {
		more := false
		err := v.book.Look(ctx, func(s clientele.Snapshot) error {
			block, found, err := nextBlock(ctx, s, starts(from))
			if err != nil || !found {
				return err
			}
			more, from = true, block.to+1
			return check(s, block)
		})
		if err != nil || !more {
			return err
		}
	}
}

// nextBlock returns the first block in which one of the ranges has a row.
func nextBlock(ctx context.Context, s clientele.Snapshot, ranges []*clientele.RowRange) (b blockOf, found bool, err error) {
	first := int64(math.MaxInt64)
	for _, r := range ranges {
		id, has, err := s.First(ctx, r)
		if err != nil {
			return b, false, err
		}
		if has {
			if r.By == "block" {
				id *= clientele.TermBlockSize
			}
			first, found = min(first, id), true
		}
	}
	b.from = clientele.TermBlock(first) * clientele.TermBlockSize
	b.to = b.from + clientele.TermBlockSize - 1
	return b, found, nil
}

// histories goes through the histories of a block, record by record in order of ids. after is called with each change when
// it is applied; may be nil. ended is called at the end of each record's history.
func (v *verifier) histories(
	ctx context.Context, s clientele.Snapshot, r *clientele.RowRange, after func(*replay, *clientele.Change), ended func(id int64, h *replay),
) error {
	var h *replay
	var id int64
	for row, err := range s.Rows(ctx, r) {
		if err != nil {
			return err
		}
		c := record{v.columns["change"], row}.change()
		v.report.Changes++
		if h != nil && c.SubjectID != id {
			ended(id, h)
			h = nil
		}
		if h == nil {
			h, id = &replay{}, c.SubjectID
		}
		h.apply(&c)
		if after != nil {
			after(h, &c)
		}
	}
	if h != nil {
		ended(id, h)
	}
	return nil
}

// changesOf returns the changes of a sort of record between two ids, history by history.
func (v *verifier) changesOf(subject clientele.Subject, from, to int64) *clientele.RowRange {
	r := v.rowsOf("change", "subject_id", from, to, "subject_id", "seq")
	r.Subject = subject
	return r
}
