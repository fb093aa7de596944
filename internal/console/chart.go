package console

import (
	"fmt"
	"strings"
	"time"

	"clientele"
)

// chart is what a drawing and the table beside it show. The drawing is made of the table by static/overview.js.
type chart struct {
	// ID begins the ids of the elements.
	ID    string
	Title string
	// Series names the columns, each with its sum over all rows.
	Series []series
	// Rows are in order of time, without a gap.
	Rows []chartRow
}

// series is one column. Its Style is 1 to 6: a colour and a dash of their own.
type series struct {
	Label string
	Style int
	Sum   int64
}

type chartRow struct {
	At     time.Time
	Values []int64
}

// summary says in words what the drawing shows.
func (c *chart) summary() string {
	var parts []string
	for _, s := range c.Series {
		parts = append(parts, fmt.Sprintf("%s %d", s.Label, s.Sum))
	}
	return c.Title + ": " + strings.Join(parts, ", ") + ". The table below has the same numbers."
}

// newChart returns a chart with a row for every span of the query, all zero.
func newChart(id string, q clientele.CallQuery, columns []series) chart {
	c := chart{ID: id, Series: columns}
	for at := q.From; at.Before(q.To); at = at.Add(q.Span) {
		c.Rows = append(c.Rows, chartRow{At: at.UTC(), Values: make([]int64, len(columns))})
	}
	return c
}

// add counts calls in a column.
func (c *chart) add(q clientele.CallQuery, n *clientele.CallCount, column int) {
	row := int(n.At.Sub(q.From) / q.Span)
	if row < 0 || row >= len(c.Rows) || column < 0 {
		return
	}
	c.Rows[row].Values[column] += n.Calls
	c.Series[column].Sum += n.Calls
}

// byDialect has a column for each dialect, and one for calls of paths that nobody serves.
func byDialect(q clientele.CallQuery, counts []clientele.CallCount) chart {
	column := map[clientele.Dialect]int{}
	var columns []series
	for i, d := range clientele.PartnerDialects {
		column[d] = i
		columns = append(columns, series{Label: dialectName(d), Style: i + 1})
	}
	column[""] = len(columns)
	c := newChart("dialects", q, append(columns, series{Label: "No dialect", Style: 6}))
	for i := range counts {
		if at, ok := column[counts[i].Dialect]; ok {
			c.add(q, &counts[i], at)
		}
	}
	return c
}

// outcomeColumns are the outcomes as the chart puts them together, with a style for each.
var outcomeColumns = []struct {
	label    string
	style    int
	outcomes []clientele.CallOutcome
}{
	{"Created", 1, []clientele.CallOutcome{clientele.CallCreated}},
	{"Updated or the same", 4, []clientele.CallOutcome{clientele.CallUpdated, clientele.CallUnchanged}},
	{"Accepted for later", 3, []clientele.CallOutcome{clientele.CallAccepted}},
	{"Read", 6, []clientele.CallOutcome{clientele.CallRead}},
	{"Refused", 2, []clientele.CallOutcome{clientele.CallRefused, clientele.CallDenied, clientele.CallLimited}},
	{"Failed", 5, []clientele.CallOutcome{clientele.CallFailed}},
}

func byOutcome(q clientele.CallQuery, counts []clientele.CallCount) chart {
	column := map[clientele.CallOutcome]int{}
	var columns []series
	for i, c := range outcomeColumns {
		columns = append(columns, series{Label: c.label, Style: c.style})
		for _, o := range c.outcomes {
			column[o] = i
		}
	}
	c := newChart("outcomes", q, columns)
	for i := range counts {
		if at, ok := column[counts[i].Outcome]; ok {
			c.add(q, &counts[i], at)
		}
	}
	return c
}
