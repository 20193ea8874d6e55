package kafka

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestShares(t *testing.T) {
	for _, c := range []struct {
		sizes []int64
		n     int64
		want  []int64
	}{
		{[]int64{5, 0, 100}, 50, []int64{5, 0, 45}},
		{[]int64{1, 1}, 10, []int64{1, 1}},
		{[]int64{10, 10, 10}, 2, []int64{1, 1, 0}},
		{nil, 5, []int64{}},
	} {
		if got := shares(c.sizes, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%d of %v: %v, not %v", c.n, c.sizes, got, c.want)
		}
	}
}

// A sample has the oldest and the newest messages of each partition, and the group
// does not notice.
func TestSample(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(3, "many", "few", "none"))
	for i := range 100 {
		f.produce("many", int32(i%2), fmt.Sprint(i))
	}
	f.produce("few", 2, "few")
	sample := func(group, topic string, n int) (got []string, err error) {
		s, err := NewSource(SourceConfig{Brokers: f.brokers(), Topics: []string{topic}, Group: group}, connect.Input{Node: "in", Format: "ndjson"})
		if err == nil {
			err = s.(flow.Sampler).Sample(t.Context(), n, func(record []byte) error {
				got = append(got, string(record))
				return nil
			})
		}
		slices.Sort(got)
		return got, err
	}
	for _, group := range []string{"", "g"} {
		got, err := sample(group, "^(many|few)$", 9)
		if want := []string{"0", "1", "2", "3", "96", "97", "98", "99", "few"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, not %q: %v", got, want, err)
		}
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(f.brokers()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if groups, err := kadm.NewClient(client).ListGroups(t.Context()); err != nil || len(groups) > 0 {
		t.Errorf("there are the groups %v: %v", groups, err)
	}
	for topic, want := range map[string]string{"none": "there are no messages in none yet", "nowhere": "there is no topic nowhere"} {
		if got, err := sample("", topic, 9); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v", topic, got, err)
		}
	}
}
