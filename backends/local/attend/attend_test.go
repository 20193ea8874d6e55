package attend

import (
	"testing"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// The health of a run is what its program says: one that does not answer has none.
func TestHealthOf(t *testing.T) {
	silent, answers := &deploy.Run{Instances: []deploy.Instance{{}}}, &deploy.Run{Instances: []deploy.Instance{{Figures: &deploy.Figures{}}}}
	for _, c := range []struct {
		state deploy.State
		run   *deploy.Run
		want  proto.HealthStatus
	}{
		{deploy.Starting, silent, proto.HealthStatus_HEALTH_STATUS_STARTING},
		{deploy.Ready, answers, proto.HealthStatus_HEALTH_STATUS_HEALTHY},
		{deploy.Unready, answers, proto.HealthStatus_HEALTH_STATUS_DEGRADED},
		{deploy.Unready, silent, proto.HealthStatus_HEALTH_STATUS_UNHEALTHY},
		{deploy.Dying, silent, proto.HealthStatus_HEALTH_STATUS_UNHEALTHY},
		{deploy.Failed, silent, proto.HealthStatus_HEALTH_STATUS_UNHEALTHY},
		{deploy.Stopped, silent, proto.HealthStatus_HEALTH_STATUS_STOPPING},
	} {
		if got := healthOf(c.state, c.run); got != c.want {
			t.Errorf("%s is %s", c.state, got)
		}
	}
	if got := planeState(&proto.ComponentStatusResponse{Metrics: map[string]string{control.KeyState: control.StateLost}}); got != deploy.Failed {
		t.Errorf("a run that is lost is %s", got)
	}
}
