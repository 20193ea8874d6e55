package lower

import "testing"

// What stands in a pipeline and lets somebody in is a secret, wherever in an address it
// stands; what comes from outside is none that stands there.
func TestHasPassword(t *testing.T) {
	for dsn, want := range map[string]bool{
		"postgres://ann@db/shop": false, "postgres://ann:hunter2@db/shop": true, "postgres://ann:" + placeholder + "@db/shop": false,
		"postgres://" + placeholder + ":hunter2@db/shop": true, "postgres://db/shop?password=hunter2": true, "postgres://db/shop?password=" + placeholder: false,
		"host=db user=ann": false, "host=db password=hunter2": true, "host=db password='" + placeholder + "'": false, placeholder: false,
		"https://api.example.com/a@b": false, "https://ann:hunter2@api.example.com": true,
		"nats://a:4222,nats://b:4222": false, "nats://a:4222,nats://hunter2@b:4222": true, "tls://ann:hunter2@a": true,
		"nats://ann:" + placeholder + "@a:4222,nats://b:4222": false, "nats://" + placeholder + "@a": false,
	} {
		if got := hasPassword(dsn); got != want {
			t.Errorf("%s: %v, not %v", dsn, got, want)
		}
	}
}
