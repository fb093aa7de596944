package transfer

import (
	"context"

	"clientele"
)

// One transaction of the target takes at most so many rows, and so many bytes of texts but for the last row's.
const (
	maxLoadRows  = 2000
	maxLoadBytes = 4 << 20
)

// carrier carries the rows of one part to the target.
type carrier struct {
	to      Target
	part    *clientele.Part
	meter   *meter
	maxRows int

	rows  []clientele.Row
	bytes int // of texts in rows
}

// copy carries over what has not arrived yet.
func (c *carrier) copy(ctx context.Context, from Source) error {
	last, err := c.to.LastKey(ctx, c.part)
	if err != nil {
		return err
	}
	if last != nil {
		arrived, err := c.to.CountRows(ctx, c.part)
		if err != nil {
			return err
		}
		c.meter.add(int(arrived))
	}
	for row, err := range from.DumpRows(ctx, c.part, last) {
		if err != nil {
			return err
		}
		if c.load(row); len(c.rows) >= c.maxRows || c.bytes >= maxLoadBytes {
			if err := c.unload(ctx); err != nil {
				return err
			}
		}
	}
	return c.unload(ctx)
}

func (c *carrier) load(row clientele.Row) {
	c.rows = append(c.rows, row)
	for _, value := range row {
		switch v := value.(type) {
		case string:
			c.bytes += len(v)
		case []byte:
			c.bytes += len(v)
		}
	}
}

// unload hands the rows to the target.
func (c *carrier) unload(ctx context.Context) error {
	if len(c.rows) == 0 {
		return nil
	}
	if err := c.to.RestoreRows(ctx, c.part, c.rows); err != nil {
		return err
	}
	c.meter.add(len(c.rows))
	c.rows, c.bytes = c.rows[:0], 0
	return nil
}

// meter tells how far a phase has come.
type meter struct {
	tell        func(phase Phase, done, total int64)
	phase       Phase
	done, total int64
}

func newMeter(tell func(Phase, int64, int64), p Phase, total int64) *meter {
	if tell == nil {
		tell = func(Phase, int64, int64) {}
	}
	tell(p, 0, total)
	return &meter{tell: tell, phase: p, total: total}
}

func (m *meter) add(rows int) {
	m.done += int64(rows)
	m.tell(m.phase, m.done, m.total)
}
