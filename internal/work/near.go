package work

// nearAndFar parts places in the history into those near its end, or near the foremost of them, and those far behind, which
// are read for themselves so that they do not keep the others waiting. readFrom tells behind which change a place goes on,
// and atOnce how many changes are read together.
func nearAndFar[T any](places []T, readFrom func(*T) int64, atOnce int) [2][]T {
	var foremost int64
	for i := range places {
		foremost = max(foremost, readFrom(&places[i]))
	}
	var near, far []T
	for i := range places {
		if readFrom(&places[i]) >= foremost-int64(atOnce) {
			near = append(near, places[i])
		} else {
			far = append(far, places[i])
		}
	}
	return [2][]T{near, far}
}
