package main

import (
	"context"
	"log/slog"
	"sync/atomic"

	"clientele"
	"clientele/internal/intake"

	"github.com/prometheus/client_golang/prometheus"
)

// erasedWatch is a store that tells when somebody who was erased is there again, and when an older write would have brought
// somebody back.
type erasedWatch struct {
	intake.Store
	log                *slog.Logger
	returned, heldBack atomic.Int64
}

// watchErased puts a watch before the store and registers what it counts.
func watchErased(s intake.Store, log *slog.Logger, r prometheus.Registerer) *erasedWatch {
	w := &erasedWatch{Store: s, log: log}
	for _, c := range []struct {
		name, help string
		count      *atomic.Int64
	}{
		{"clientele_erased_returns_total", "Customers created with something that an erased one was known by.", &w.returned},
		{"clientele_erased_held_back_total", "Writes refused because they are older than the erasure of their customer.", &w.heldBack},
	} {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help}, func() float64 {
			return float64(c.count.Load())
		}))
	}
	return w
}

// Commit implements intake.Store.
func (w *erasedWatch) Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	outcomes, err := w.Store.Commit(ctx, writes)
	for i := range outcomes {
		o := &outcomes[i]
		switch {
		case o.ReturnOf != 0:
			w.returned.Add(1)
			w.log.Warn("an erased customer is there again", "project", writes[i].ProjectID, "erased", o.ReturnOf, "customer", o.SubjectID)
		case o.WasHeldBack():
			w.heldBack.Add(1)
			w.log.Warn("a write from before the erasure of its customer was held back", "project", writes[i].ProjectID,
				"request_id", writes[i].Origin.RequestID)
		}
	}
	return outcomes, err
}
