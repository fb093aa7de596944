//go:build linux

package main

import (
	"math/rand/v2"
	"testing"
)

func TestIDRange_FreshIDsAreUniqueAndOfTenDigits(t *testing.T) {
	for _, scattered := range []bool{false, true} {
		seen := map[int64]bool{}
		for _, first := range []int64{0, 5000, idSpace/2 - 5000} {
			r := idRange{First: first, Scattered: scattered}
			for n := range int64(5000) {
				id := r.at(n, nil)
				if seen[id] || id < 1_000_000_000 || id > 9_999_999_999 {
					t.Fatalf("scattered %v: number %d has id %d, seen before: %v", scattered, first+n, id, seen[id])
				}
				seen[id] = true
			}
		}
	}
}

func TestPoolOf_StaysAmongTheCustomersThatAreThere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, customers := range []int64{1, 300, 10_000, 10_001, 1_000_000} {
		for _, scattered := range []bool{false, true} {
			n := numbers{scattered: scattered}
			pool := n.poolOf(customers)
			there := map[int64]bool{}
			for number := range customers {
				there[idRange{Scattered: scattered}.at(number, nil)] = true
			}
			used := map[int64]bool{}
			for i := range int64(2000) {
				id := pool.at(i, random)
				if !there[id] {
					t.Fatalf("%d customers: id %d is none of them", customers, id)
				}
				used[id] = true
			}
			if customers > 1 && len(used) < 2 {
				t.Errorf("%d customers: the pool has one", customers)
			}
		}
	}
}

func TestDriverLoop_CountsRows(t *testing.T) {
	for _, j := range []loopJob{
		{Batch: 1},
		{Batch: 50, Update: true},
	} {
		j.Dir, j.Seconds = t.TempDir(), 0.02
		got, err := runDriverLoop(t.Context(), j)
		if err != nil || got.Counted < int64(j.Batch) || got.Counted%int64(j.Batch) != 0 || got.P50 <= 0 {
			t.Errorf("%+v: got %+v, %v", j, got, err)
		}
	}
}
