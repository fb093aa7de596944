//go:build race

package dkhardware

// Under the race detector pools lose some of what they hold, so that the JSON library allocates anew.
const createBudget, updateBudget = 40, 20
