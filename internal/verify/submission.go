package verify

import (
	"context"
	"fmt"
	"math"
	"time"

	"clientele"
)

// submissions verifies the submissions of the project.
func (v *verifier) submissions(ctx context.Context) error {
	starts := func(from int64) []*clientele.RowRange {
		return []*clientele.RowRange{v.rowsOf("submission", "seq", from, math.MaxInt64)}
	}
	return v.blocks(ctx, starts, func(s clientele.Snapshot, b blockOf) error {
		n := 0
		for row, err := range s.Rows(ctx, v.rowsOf("submission", "seq", b.from, b.to, "seq")) {
			if err != nil {
				return err
			}
			n++
			r := record{v.columns["submission"], row}
			for _, message := range v.submissionFaults(r) {
				v.found(Finding{
					Invariant: SubmissionMoves, Project: v.project.ID, Subject: "submission", ID: r.string("id"), Message: message,
				})
			}
		}
		v.report.Submissions += int64(n)
		v.advance(n)
		return nil
	})
}

// submissionFaults returns what is wrong with a submission.
func (v *verifier) submissionFaults(r record) []string {
	var list []string
	status, failure := clientele.SubmissionStatus(r.string("status")), r.string("failure")
	finished, accepted := !r.time("finished_at").IsZero(), r.time("accepted_at")
	over := status == clientele.Succeeded || status == clientele.Failed
	if !over && status != clientele.Accepted && status != clientele.Processing {
		list = append(list, fmt.Sprintf("is %q, which none is", status))
	}
	if over != finished || (status == clientele.Failed) != (failure != "") {
		list = append(list, fmt.Sprintf("is %s, and its times and its failure say otherwise", status))
	}
	if status == clientele.Succeeded && r.number("customer_id") == 0 {
		list = append(list, "succeeded and names no customer")
	}
	if finished {
		return list
	}
	if _, err := clientele.ReadPayload([]byte(r.string("payload"))); err != nil {
		list = append(list, "waits and cannot be read")
	}
	if waits := v.options.Now.Sub(accepted); waits > v.options.Patience {
		list = append(list, fmt.Sprintf("has been waiting for %s: is a server running?", waits.Truncate(time.Second)))
	}
	return list
}
