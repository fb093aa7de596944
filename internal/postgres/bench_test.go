package postgres_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
)

// BenchmarkCommit measures rows per second of batches of 256 on a server that syncs its disk: new customers, and changes
// of customers that are there, each with its change record.
func BenchmarkCommit(b *testing.B) {
	cluster := pgtest.NewCluster(b, pgtest.Durable)
	for _, lanes := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("insert/lanes=%d", lanes), func(b *testing.B) {
			f := newBench(b, cluster, lanes)
			f.run(b, func(batch int64) []clientele.Write { return f.upserts(batch*batchSize, batch) })
		})
		b.Run(fmt.Sprintf("update/lanes=%d", lanes), func(b *testing.B) {
			f := newBench(b, cluster, lanes)
			const known = 100 // batches
			for batch := range int64(known) {
				f.commit(b, f.upserts(batch*batchSize, -1))
			}
			f.run(b, func(batch int64) []clientele.Write { return f.upserts(batch%known*batchSize, batch) })
		})
	}
}

const batchSize = 256

type bench struct {
	store   *postgres.Store
	project int64
	lanes   int
}

func newBench(b *testing.B, cluster *pgtest.Cluster, lanes int) *bench {
	f := &bench{store: open(b, postgres.Options{URL: cluster.New(b), Lanes: lanes}), lanes: lanes}
	f.project = newProject(b, f.store, "bench")
	return f
}

// BenchmarkCommit_Gathered measures the same while a gatherer asks every second, or without a pause, up to where the history
// is complete: each time all commits of the project wait for those before it.
func BenchmarkCommit_Gathered(b *testing.B) {
	cluster := pgtest.NewCluster(b, pgtest.Durable)
	for name, every := range map[string]time.Duration{"never": 0, "every second": time.Second, "without a pause": time.Nanosecond} {
		b.Run(name, func(b *testing.B) {
			f := newBench(b, cluster, 4)
			ended, end := context.WithCancel(context.Background())
			var gathering sync.WaitGroup
			gathering.Go(func() {
				cursors := []clientele.EventCursor{{ProjectID: f.project, EventType: clientele.CustomerChanged}}
				for every > 0 && ended.Err() == nil {
					tails, err := f.store.ReadChanges(ended, cursors, 10_000)
					if err == nil {
						cursors[0].Seq = tails[0].ReadTo
					}
					select {
					case <-ended.Done():
					case <-time.After(every):
					}
				}
			})
			f.run(b, func(batch int64) []clientele.Write { return f.upserts(batch*batchSize, batch) })
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
			end()
			gathering.Wait()
		})
	}
}

// run commits b.N batches in as many goroutines as there are lanes.
func (f *bench) run(b *testing.B, batch func(n int64) []clientele.Write) {
	var next atomic.Int64
	var running sync.WaitGroup
	b.ResetTimer()
	for range f.lanes {
		running.Go(func() {
			for n := next.Add(1) - 1; n < int64(b.N); n = next.Add(1) - 1 {
				f.commit(b, batch(n))
			}
		})
	}
	running.Wait()
	b.ReportMetric(float64(b.N*batchSize)/b.Elapsed().Seconds(), "rows/s")
}

func (f *bench) commit(b *testing.B, writes []clientele.Write) {
	outcomes, err := f.store.Commit(context.Background(), writes)
	if err != nil || len(outcomes) != len(writes) {
		b.Errorf("Commit: %v", err)
	}
}

// upserts returns a batch about the customers from first on; round makes their values new.
func (f *bench) upserts(first, round int64) []clientele.Write {
	writes := make([]clientele.Write, batchSize)
	for i := range writes {
		n := first + int64(i)
		var p clientele.Patch
		for field, text := range map[clientele.Field]string{
			clientele.FieldExternalID: strconv.FormatInt(n, 10), clientele.FieldFirstName: "Ada", clientele.FieldLastName: "Berg",
			clientele.FieldEmail: fmt.Sprintf("ada.berg.%d.%d@example.com", n, round), clientele.FieldPhone: "+48 22 555 0100",
			clientele.FieldIP: "192.0.2.1",
		} {
			p.Put(field, clientele.Some(text))
		}
		p.EmailNormal, p.PhoneE164 = p.Email, clientele.Some("+48225550100")
		writes[i] = clientele.Write{
			ProjectID: f.project, At: time.Now(), Customer: &clientele.CustomerWrite{Patch: p},
			Origin: clientele.Origin{Dialect: clientele.OPM, CredentialID: 7, RequestID: "3f2a9c7e5b1d4e8f"},
		}
	}
	return writes
}
