package webhook

import (
	"time"

	"clientele"
)

// finished is a parcel that was carried, on its way into the book.
type finished struct {
	parcel clientele.SentParcel
	sub    *clientele.Subscription
}

// finisher records parcels, all that are there in one transaction: a busy server has many.
type finisher struct {
	service *Service
	in      chan *finished
	ended   chan struct{}
}

// finishAtOnce is how many parcels one transaction records.
const finishAtOnce = 128

func (f *finisher) start(s *Service) {
	f.service, f.in, f.ended = s, make(chan *finished, finishAtOnce), make(chan struct{})
	go f.run()
}

// put hands in a parcel; it waits while the book is slow.
func (f *finisher) put(p *finished) { f.in <- p }

// stop records what was handed in and ends. Nothing may be handed in any more.
func (f *finisher) stop() {
	close(f.in)
	<-f.ended
}

func (f *finisher) run() {
	defer close(f.ended)
	for first := range f.in {
		batch := []*finished{first}
		for len(batch) < finishAtOnce {
			select {
			case next, ok := <-f.in:
				if ok {
					batch = append(batch, next)
					continue
				}
			default:
			}
			break
		}
		f.record(batch)
	}
}

// record writes a batch. While the book cannot be written it is tried again until the server ends; then the deliveries are
// sent once more by the next one.
func (f *finisher) record(batch []*finished) {
	s := f.service
	parcels := make([]clientele.SentParcel, len(batch))
	for i, b := range batch {
		parcels[i] = b.parcel
	}
	for {
		err := s.store.FinishDeliveries(s.last, s.lease, parcels)
		if err == nil {
			break
		}
		s.options.Log.Error("deliveries cannot be recorded", "subscriptions", len(parcels), "cause", err.Error())
		if !f.pause() {
			break
		}
	}
	for _, b := range batch {
		s.slots.free(b.sub)
	}
	s.wakeDelivering()
}

// pause waits before another try; false when the server ends.
func (f *finisher) pause() bool {
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-f.service.cut.Done():
		return false
	case <-t.C:
		return true
	}
}
