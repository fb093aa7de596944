//go:build !race

package dkhardware

// createBudget and updateBudget are how often reading a submission may allocate.
const createBudget, updateBudget = 16, 8
