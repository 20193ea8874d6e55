package http

import (
	"crypto/subtle"
	"errors"
	"strings"
)

// A guard is what a sender must show.
type guard struct {
	token  string  // "" for none
	scheme *scheme // of signatures; nil for none
}

// guard makes that of the present config. What had to be shown at first always has
// to be.
func (c SourceConfig) guard(now *SourceConfig) (guard, error) {
	g := guard{token: now.Token}
	if c.Token != "" && now.Token == "" || c.Verify.Secret != "" && now.Verify.Secret == "" {
		return g, errors.New("the token, or the secret of signatures, is empty")
	}
	var err error
	if now.Verify.Secret != "" {
		g.scheme, err = now.Verify.scheme()
	}
	return g, err
}

// knows compares a header with the token, without telling by the time how much of it
// is right.
func (g guard) knows(authorization string) bool {
	if g.token == "" {
		return true
	}
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(token), []byte(g.token)) == 1
}
