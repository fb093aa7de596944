package httpd

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"clientele"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the server's numbers, in Prometheus form. Their labels hold route patterns, never paths.
type Metrics struct {
	registry *prometheus.Registry

	requests       *prometheus.CounterVec
	requestSeconds *prometheus.HistogramVec
	commitWrites   prometheus.Histogram
	commitSeconds  *prometheus.HistogramVec

	mu    sync.RWMutex
	known map[call]*series
}

// call is what requests are told apart by in the numbers; there are as many as routes and statuses.
type call struct {
	dialect clientele.Dialect
	route   string
	status  int
}

// series are the numbers of one kind of call, at hand: looking them up by their labels takes longer than counting.
type series struct {
	requests prometheus.Counter
	seconds  prometheus.Observer
}

// latencyBuckets reach from 100 µs, an answer from memory, to 10 s, the longest wait for a commit.
var latencyBuckets = []float64{
	.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10,
}

// NewMetrics returns the server's numbers, all zero, and those of the Go runtime. waiting is asked for the number of
// writes that wait for a commit.
func NewMetrics(version string, waiting func() int) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), known: map[call]*series{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "clientele_requests_total", Help: "Requests answered.",
		}, []string{"dialect", "route", "status"}),
		requestSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "clientele_request_duration_seconds", Help: "Time from the first byte read to the answer written.",
			Buckets: latencyBuckets,
		}, []string{"dialect", "route"}),
		commitWrites: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "clientele_commit_writes", Help: "Writes carried out by one transaction.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512},
		}),
		commitSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "clientele_commit_duration_seconds", Help: "Time of one transaction, by outcome.",
			Buckets: latencyBuckets,
		}, []string{"outcome"}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "clientele_build_info", Help: "1, labelled with the program's version.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(
		m.requests, m.requestSeconds, m.commitWrites, m.commitSeconds, info,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "clientele_writes_waiting", Help: "Writes that wait for a commit or are in one.",
		}, func() float64 { return float64(waiting()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Registry is where rooms with numbers of their own have them registered.
func (m *Metrics) Registry() prometheus.Registerer { return m.registry }

// CountDropped shows how many log lines were lost to a slow reader; dropped is asked for it.
func (m *Metrics) CountDropped(dropped func() int) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "clientele_log_lines_dropped_total", Help: "Log lines lost because whoever reads the log fell behind.",
	}, func() float64 { return float64(dropped()) }))
}

// ShowStrain shows whether the processors are short; isHigh is asked for it.
func (m *Metrics) ShowStrain(isHigh func() bool) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "clientele_processors_short", Help: "1 while requests wait long for a processor, and few writes are let in.",
	}, func() float64 {
		if isHigh() {
			return 1
		}
		return 0
	}))
}

// CountUnkept shows how many refused calls are not in the inbox: those of callers that had too many, and those that were lost
// because the queue was full or the store failed. unkept is asked for both.
func (m *Metrics) CountUnkept(unkept func() (capped, lost int64)) {
	const name, help = "clientele_refused_calls_unkept_total", "Refused calls that the inbox did not keep, by reason."
	counter := func(reason string, value func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: name, Help: help, ConstLabels: prometheus.Labels{"reason": reason},
		}, func() float64 { return float64(value()) })
	}
	m.registry.MustRegister(
		counter("capped", func() int64 { capped, _ := unkept(); return capped }),
		counter("lost", func() int64 { _, lost := unkept(); return lost }),
	)
}

// CountConnections shows how many connections a server has open, and how many it refused because it had no place for them.
func (m *Metrics) CountConnections(s *Server) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "clientele_connections_open", Help: "Connections of the main listener that are open.",
		}, func() float64 { return float64(s.Connections()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "clientele_connections_refused_total", Help: "Connections that the main listener refused because as many as may be were open.",
		}, func() float64 { return float64(s.RefusedConnections()) }),
	)
}

// Handler serves the numbers.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *Metrics) observe(d clientele.Dialect, route string, status int, took time.Duration) {
	of := m.seriesOf(call{d, route, status})
	of.requests.Inc()
	of.seconds.Observe(took.Seconds())
}

func (m *Metrics) seriesOf(c call) *series {
	m.mu.RLock()
	s := m.known[c]
	m.mu.RUnlock()
	if s != nil {
		return s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s = &series{
		requests: m.requests.WithLabelValues(string(c.dialect), c.route, strconv.Itoa(c.status)),
		seconds:  m.requestSeconds.WithLabelValues(string(c.dialect), c.route),
	}
	m.known[c] = s
	return s
}

// ObserveCommit counts one transaction of the intake.
func (m *Metrics) ObserveCommit(writes int, took time.Duration, err error) {
	outcome := "committed"
	if err != nil {
		outcome = clientele.KindOf(err).String()
	}
	m.commitWrites.Observe(float64(writes))
	m.commitSeconds.WithLabelValues(outcome).Observe(took.Seconds())
}
