package postgres

import "testing"

// A DSN that changes while the program runs may have another login; a database that is
// another one is not followed, for the checkpoint and the rows are in this one.
func TestRefreshStaysInItsDatabase(t *testing.T) {
	const first = "postgres://ann:one@db.example.com:5432/shop"
	now := first
	s, err := newServer(func() string { return now })
	must(t, err)
	for _, c := range []struct {
		dsn      string
		password string // that is used then
	}{
		{"postgres://ann:two@db.example.com:5432/shop", "two"},
		{"postgres://ann:three@db.example.org:5432/shop", "two"},
		{"postgres://ann:three@db.example.com:5433/shop", "two"},
		{"postgres://ann:three@db.example.com:5432/other", "two"},
		{"no dsn at all", "two"},
		{"postgres://ann:three@db.example.com:5432/shop", "three"},
	} {
		now = c.dsn
		s.refresh()
		if s.config.Password != c.password || s.address() != "db.example.com:5432" || s.config.Database != "shop" {
			t.Errorf("of %s it is %s, database %s, and the password %s", c.dsn, s.address(), s.config.Database, s.config.Password)
		}
	}
}
