// Package model is the root of that module.
package model

func Any(in string) bool { return true }
