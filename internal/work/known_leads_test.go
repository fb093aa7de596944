package work

import (
	"testing"

	"clientele"
)

// counting is a place in the history of a project.
func counting(project, seq int64) *clientele.LeadCounting {
	return &clientele.LeadCounting{ProjectID: project, Seq: seq}
}

func (k *knownLeads) want(t *testing.T, project, id, campaign int64) {
	t.Helper()
	if l, is := k.lead(project, id); l.campaign != campaign || is != (campaign != 0) {
		t.Errorf("lead %d of project %d: %+v, %t; want campaign %d", id, project, l, is, campaign)
	}
}

// TestKnownLeads_AreThoseOfThePlace: what is known of a project is forgotten when its counting stands elsewhere than it was
// left, and never taken for another project's.
func TestKnownLeads_AreThoseOfThePlace(t *testing.T) {
	var k knownLeads
	for project := range int64(2) {
		k.at(counting(project, 0))
		k.take(counting(project, 5), map[int64]countedLead{1: {campaign: 10 + project}})
	}
	k.at(counting(1, 5))
	k.want(t, 0, 1, 10)
	k.want(t, 1, 1, 11)
	k.want(t, 1, 2, 0)
	k.at(counting(1, 7))
	k.want(t, 0, 1, 10)
	k.want(t, 1, 1, 0)
	k.forget(0)
	k.at(counting(0, 5))
	k.want(t, 0, 1, 0)
	elsewhere := counting(1, 7)
	elsewhere.TimeZone = "Asia/Tokyo"
	k.take(counting(1, 7), map[int64]countedLead{1: {campaign: 11}})
	k.at(elsewhere) // its days are others
	k.want(t, 1, 1, 0)
}

// TestKnownLeads_ForgetTheOldest: the leads that were taken last are known, maxKnownLeads of them for sure, and no more than
// twice as many are remembered.
func TestKnownLeads_ForgetTheOldest(t *testing.T) {
	var k knownLeads
	const parcel = 1000
	for from := int64(0); from < 4*maxKnownLeads; from += parcel {
		k.at(counting(1, from))
		leads := map[int64]countedLead{}
		for id := from; id < from+parcel; id++ {
			leads[id] = countedLead{campaign: id + 1}
		}
		k.take(counting(1, from+parcel), leads)
		for id := max(0, from+parcel-maxKnownLeads); id < from+parcel; id += 100 {
			k.want(t, 1, id, id+1)
		}
		if n := len(k.late) + len(k.old); n > 2*maxKnownLeads {
			t.Fatalf("%d leads are remembered", n)
		}
	}
	k.want(t, 1, 0, 0)
}
