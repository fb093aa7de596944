package faulttest_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"clientele/internal/faulttest"
)

// fault is something that goes wrong between a server and PostgreSQL, or with either, and is over when happen returns.
type fault struct {
	name    string
	share   int // how often it is drawn, beside the others
	happen  func(f *stage)
	forgets bool // PostgreSQL is left with connections that nobody is at
	long    bool // it takes more than a few seconds
}

// faults are all that can happen on a stage.
func faults() []fault {
	return []fault{
		{name: "slow messages", share: 3, happen: slowMessages},
		{name: "a narrow wire", share: 3, happen: narrowWire},
		{name: "silence", share: 4, happen: silence},
		{name: "silence that ends in resets", share: 4, happen: silenceThenReset},
		{name: "resets", share: 5, happen: resets},
		{name: "connections that end within a message", share: 8, happen: bitesOf(byReset, byClose)},
		{name: "half-closed connections", share: 4, happen: bitesOf(byHalfClose)},
		{name: "COMMITs without an answer", share: 10, happen: commitsWithoutAnswer},
		{name: "COMMITs in a storm", share: 6, happen: commitsInStorm},
		{name: "a cut wire", share: 4, happen: cutWire},
		{name: "a wire that is cut for long", share: 1, happen: cutForLong, long: true},
		{name: "a server that is cut off for long", share: 1, happen: cutOffServer, long: true},
		{name: "a forgotten connection", share: 1, happen: forgotten, forgets: true, long: true},
		{name: "sessions ended by the administrator", share: 5, happen: endedSessions},
		{name: "a killed backend", share: 3, happen: killedBackend},
		{name: "a stopped PostgreSQL", share: 3, happen: stoppedDatabase},
		{name: "PostgreSQL shut down at once", share: 2, happen: shutDown},
		{name: "PostgreSQL killed", share: 2, happen: killedDatabase},
		{name: "a killed server", share: 4, happen: killedServer},
	}
}

// draw chooses a fault.
func draw(random *rand.Rand, list []fault) fault {
	all := 0
	for _, f := range list {
		all += f.share
	}
	n := random.IntN(all)
	for _, f := range list {
		if n -= f.share; n < 0 {
			return f
		}
	}
	panic("the shares do not add up")
}

// on chooses the wires that a fault is about: one, or all.
func (f *stage) on() []*wire {
	if f.random.IntN(2) == 0 {
		return f.wires
	}
	n := f.random.IntN(len(f.wires))
	return f.wires[n : n+1]
}

// hold lets a fault last for a random time.
func (f *stage) hold(low, high time.Duration) {
	end := time.After(between(f.random, low, high))
	<-end
}

// weatherOn gives wires a weather for a time.
func (f *stage) weatherOn(wires []*wire, now weather, low, high time.Duration) {
	for _, w := range wires {
		w.become(now)
	}
	f.hold(low, high)
	for _, w := range wires {
		w.become(weather{})
	}
}

func slowMessages(f *stage) {
	f.weatherOn(f.on(), weather{delay: between(f.random, time.Millisecond, 30*time.Millisecond)}, 200*time.Millisecond, 700*time.Millisecond)
}

func narrowWire(f *stage) {
	f.weatherOn(f.on(), weather{rate: 5 + f.random.IntN(100)}, 200*time.Millisecond, 700*time.Millisecond)
}

func silence(f *stage) {
	quiet := make(chan struct{})
	f.weatherOn(f.on(), weather{silent: quiet}, 50*time.Millisecond, 900*time.Millisecond)
	close(quiet)
}

func silenceThenReset(f *stage) {
	quiet, wires := make(chan struct{}), f.on()
	f.weatherOn(wires, weather{silent: quiet}, 50*time.Millisecond, 900*time.Millisecond)
	for _, w := range wires {
		w.resetAll()
	}
	close(quiet)
}

func resets(f *stage) {
	for range 1 + f.random.IntN(5) {
		for _, w := range f.on() {
			w.resetAll()
		}
		f.hold(0, 120*time.Millisecond)
	}
}

// bitesOf returns a fault that ends connections, in some of the given ways, after a random number of bytes.
func bitesOf(ends ...end) func(f *stage) {
	return func(f *stage) {
		wires := f.on()
		for _, w := range wires {
			var bites []bite
			for range 1 + f.random.IntN(12) {
				after := f.random.IntN(4000)
				if f.random.IntN(4) == 0 {
					after = f.random.IntN(200) // while the connection is made
				}
				bites = append(bites, bite{
					of: direction(f.random.IntN(2)), after: after, by: ends[f.random.IntN(len(ends))],
				})
			}
			w.arm(bites, nil)
		}
		f.hold(200*time.Millisecond, 700*time.Millisecond)
		for _, w := range wires {
			w.disarm()
		}
	}
}

func (f *stage) commitFaults(wires []*wire, most int) {
	for _, w := range wires {
		var list []commitFault
		for range 1 + f.random.IntN(most) {
			list = append(list, commitFault(f.random.IntN(int(commitFaults))))
		}
		w.arm(nil, list)
	}
}

// commitsWithoutAnswer strikes some COMMITs and waits until all of them are struck.
func commitsWithoutAnswer(f *stage) {
	wires := f.on()
	f.commitFaults(wires, 6)
	faulttest.Eventually(f.t, "the COMMITs are struck", func() bool {
		for _, w := range wires {
			w.mu.Lock()
			left := len(w.commits)
			w.mu.Unlock()
			if left > 0 {
				return false
			}
		}
		return true
	})
	for _, w := range wires {
		w.disarm()
	}
}

// commitsInStorm strikes COMMITs while connections are reset and slow, also those over which one asks what became of them.
func commitsInStorm(f *stage) {
	wires := f.on()
	for range 1 + f.random.IntN(4) {
		f.commitFaults(wires, 4)
		f.weatherOn(wires, weather{delay: between(f.random, 0, 8*time.Millisecond)}, 20*time.Millisecond, 200*time.Millisecond)
		for _, w := range wires {
			w.resetAll()
		}
	}
	for _, w := range wires {
		w.disarm()
	}
}

// cutWire cuts a wire until its server says that it is not ready, and for a moment more.
func cutWire(f *stage) { f.cut(f.on(), 0, 400*time.Millisecond) }

// cutForLong cuts it for longer than a server tries by itself: some calls are answered 503.
func cutForLong(f *stage) {
	before := f.load.failures()
	f.cut(f.wires, 9*time.Second, 11*time.Second)
	if f.load.failures() == before {
		f.load.fault("no answer was 503 while nobody could reach the database")
	}
}

// cutOffServer cuts one server off for longer than its claims hold. The other, where there is one, goes on.
func cutOffServer(f *stage) {
	n := f.random.IntN(len(f.wires))
	before := make([]int64, len(f.servers))
	for i := range f.servers {
		before[i] = f.load.answered[i].Load()
	}
	f.cut(f.wires[n:n+1], 12*time.Second, 18*time.Second)
	for i := range f.servers {
		if got := f.load.answered[i].Load() - before[i]; i != n && got < 20 {
			f.load.fault("server %d acknowledged %d calls while another was cut off", i, got)
		}
	}
}

// cut cuts wires until their servers say that they are not ready, and for a random time more.
func (f *stage) cut(wires []*wire, low, high time.Duration) {
	quiet := make(chan struct{})
	now := weather{refuse: true}
	if f.random.IntN(2) == 0 {
		now = weather{silent: quiet} // who connects is taken in and hears nothing
	}
	for _, w := range wires {
		w.become(now)
		w.resetAll()
	}
	f.mustBeUnready(wires)
	f.weatherOn(wires, now, low, high)
	close(quiet)
}

// mustBeUnready waits until the servers at the wires say that they are not ready. They stay alive.
func (f *stage) mustBeUnready(wires []*wire) {
	for i, w := range f.wires {
		for _, cut := range wires {
			if w == cut {
				s := f.servers[i].Load()
				faulttest.Eventually(f.t, "/readyz answers 503", func() bool { return s.Ready() == 503 })
				if got := statusOf(s, "/healthz"); got != 200 {
					f.load.fault("/healthz is answered %d while the database is away", got)
				}
			}
		}
	}
}

func forgotten(f *stage) {
	for _, w := range f.on() {
		w.forgetAll()
	}
}

func endedSessions(f *stage) {
	for range 1 + f.random.IntN(6) {
		f.ledger.number(fmt.Sprintf(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < %f`, f.random.Float64()))
		f.hold(0, 60*time.Millisecond)
	}
}

func killedBackend(f *stage) {
	if pid := f.ledger.number(`SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
		ORDER BY random() LIMIT 1`); pid > 0 {
		f.cluster.KillBackend(f.t, int(pid))
	}
}

func stoppedDatabase(f *stage) {
	f.cluster.Pause(f.t)
	defer f.cluster.Resume(f.t)
	if f.random.IntN(4) == 0 {
		f.mustBeUnready(f.wires)
	}
	f.hold(20*time.Millisecond, 900*time.Millisecond)
}

func shutDown(f *stage) {
	f.cluster.Quit(f.t)
	f.mustBeUnready(f.wires)
	f.cluster.Restart(f.t)
}

func killedDatabase(f *stage) {
	f.cluster.Crash(f.t)
	f.mustBeUnready(f.wires)
	f.cluster.Restart(f.t)
}

// killedServer kills one server, and starts it again at its address.
func killedServer(f *stage) {
	n := f.random.IntN(len(f.servers))
	f.load.mortal.Store(true)
	f.servers[n].Load().Kill()
	f.hold(0, 300*time.Millisecond)
	f.servers[n].Store(serve(f.t, f.places[n]))
}
