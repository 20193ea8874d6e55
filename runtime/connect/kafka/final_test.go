package kafka

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
)

// What brokers would answer again is final; what goes away by itself is not, and a login
// that is refused in the course of a run is soon another one.
func TestFinal(t *testing.T) {
	for err, want := range map[error]bool{
		kerr.MessageTooLarge:           true,
		kerr.TopicAuthorizationFailed:  true,
		kerr.NotLeaderForPartition:     false,
		kerr.SaslAuthenticationFailed:  false,
		io.EOF:                         false,
		errors.New("connection reset"): false,
	} {
		if got := final(fmt.Errorf("behind something: %w", err)); got != want {
			t.Errorf("%v is final: %v", err, got)
		}
	}
}
