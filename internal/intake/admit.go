package intake

import (
	"sync"
	"sync/atomic"

	"clientele"
)

// admission decides which writes are let into the line. Its bound follows the pace of the store, and is low as long as the
// processors are short, so that whoever is let in is answered soon, and nobody can take all of it: a caller's writes may be generosity times as many as there are places
// free. One that sends too much has four fifths of the line, and one that sends little finds a place.
type admission struct {
	bound atomic.Int64 // of all lanes together
	asked atomic.Int64 // writes in line or in a transaction, but for those of CommitAll

	strain *Strain // nil for none

	mu     sync.RWMutex
	shares map[int64]*share // by caller
}

// share is what a caller has of asked.
type share struct {
	count atomic.Int64
	busy  *clientele.Busy
}

const generosity = 4

// caller is whom a write counts for: a credential, or a project's visitors and operators together.
func caller(projectID, credentialID int64) int64 {
	if credentialID != 0 {
		return credentialID
	}
	return -projectID
}

// shareOf returns the share of a caller. There is one for each caller ever seen, as there is a credential for each.
func (in *Intake) shareOf(who int64) *share {
	a := &in.admission
	a.mu.RLock()
	s := a.shares[who]
	a.mu.RUnlock()
	if s != nil {
		return s
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if s = a.shares[who]; s == nil {
		s = &share{}
		s.busy = &clientele.Busy{Room: func() bool { return in.hasRoom(s) }}
		a.shares[who] = s
	}
	return s
}

func (in *Intake) hasRoom(s *share) bool {
	return in.admission.admits(s.count.Load(), in.admission.asked.Load()) && in.waiting.Load() < int64(in.options.MaxWaiting)
}

// admits says whether a caller that has some of all writes may have one more.
func (a *admission) admits(some, all int64) bool {
	bound := a.bound.Load()
	if a.strain != nil && a.strain.IsHigh() {
		bound = min(bound, strainBound)
	}
	return some < generosity*(bound-all)
}

// enter counts a write of a caller, unless there is no room for it.
func (a *admission) enter(s *share) bool {
	some, all := s.count.Add(1), a.asked.Add(1)
	if a.admits(some-1, all-1) {
		return true
	}
	a.leave(s)
	return false
}

func (a *admission) leave(s *share) {
	if s != nil {
		a.asked.Add(-1)
		s.count.Add(-1)
	}
}

// Admit says whether a write of a credential, 0 for none, would be let into the line now; the error is a Busy. A server
// asks before it reads a body: under overload refusing must cost far less than serving, or it would serve less.
func (in *Intake) Admit(projectID, credentialID int64) error {
	if s := in.shareOf(caller(projectID, credentialID)); !in.hasRoom(s) {
		return s.busy
	}
	return nil
}
