package work

import "clientele"

// knownLeads remembers leads as they were counted: those of late, and those before. The zero value knows none.
type knownLeads struct {
	places    map[int64]knownPlace
	views     int64
	late, old map[knownLead]countedLead
}

// knownPlace is where the leads of a project are known. What is known in another view than its own counts no more.
type knownPlace struct {
	leadPlace
	view int64
}

type knownLead struct {
	view int64
	lead int64
}

// at forgets the leads of a project unless they are known as they are at the place where its counting stands: another server
// may have counted meanwhile.
func (k *knownLeads) at(from *clientele.LeadCounting) {
	if place, is := k.places[from.ProjectID]; is && place.leadPlace == placeOf(from) {
		return
	}
	if k.places == nil {
		k.places = map[int64]knownPlace{}
	}
	k.views++
	k.places[from.ProjectID] = knownPlace{placeOf(from), k.views}
}

func (k *knownLeads) forget(project int64) {
	delete(k.places, project)
}

// lead returns a lead of a project, and whether it is known.
func (k *knownLeads) lead(project, id int64) (l countedLead, is bool) {
	key := knownLead{k.places[project].view, id}
	if l, is = k.late[key]; !is {
		l, is = k.old[key]
	}
	return l, is
}

// take notes leads as they are where a counting stands now. When there are too many, the oldest are forgotten.
func (k *knownLeads) take(to *clientele.LeadCounting, leads map[int64]countedLead) {
	place := k.places[to.ProjectID]
	place.leadPlace = placeOf(to)
	k.places[to.ProjectID] = place
	if k.late == nil || len(k.late)+len(leads) > maxKnownLeads {
		k.late, k.old = make(map[knownLead]countedLead, len(leads)), k.late
	}
	for id, l := range leads {
		k.late[knownLead{place.view, id}] = l
	}
}
