package live

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// errNoLogs is what a release has that is not there.
var errNoLogs = errors.New("it has no pod")

// A logOf is a log: of a container of a pod, and what its lines are said to be from.
type logOf struct{ namespace, pod, container, instance string }

// Logs reads the logs of all pods of a release. Who follows gets those of pods that are
// made later too, and goes on when a container is started again.
func (e *Engine) Logs(ctx context.Context, id string, o deploy.LogOptions, line func(deploy.Line)) error {
	find := func(first bool) ([]logOf, error) {
		all, err := e.logs(ctx, id)
		if err == nil && first && len(all) == 0 && !o.Follow {
			err = fmt.Errorf("%s: %w", id, errNoLogs)
		}
		return all, err
	}
	return deploy.Gather(ctx, o, line, find, func(l logOf, o deploy.LogOptions, line func(deploy.Line)) error {
		read := func(o deploy.LogOptions, line func(deploy.Line)) error { return e.readLog(ctx, l, o, line) }
		if !o.Follow {
			if err := read(o, line); !notYet(err) {
				return err
			}
			return nil
		}
		return deploy.Resume(ctx, o, line, read, gone)
	})
}

// logs are those of a release's pods, by age.
func (e *Engine) logs(ctx context.Context, id string) (all []logOf, err error) {
	p := e.of(id)
	t, err := e.running(ctx, p)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, o := range t.objects {
		if !runs(o) {
			continue
		}
		picked := selector(o)
		switch kindOf(o) {
		case kindJob:
			picked = "batch.kubernetes.io/job-name=" + nameOf(o)
		case kindCronJob: // those of its runs that are still there
			picked = fmt.Sprintf("%s=%s,batch.kubernetes.io/job-name", labelName, text(o, "metadata", "labels", labelName))
		}
		pods, err := e.pods(ctx, p.namespace, picked)
		if err != nil {
			return nil, err
		}
		for _, pod := range pods {
			names := containers(pod)
			for _, c := range names {
				l := logOf{p.namespace, pod.Name, c, pod.Name}
				if len(names) > 1 {
					l.instance += "/" + c
				}
				if key := l.pod + "/" + c; !known[key] {
					known[key] = true
					all = append(all, l)
				}
			}
		}
	}
	return all, nil
}

// notYet tells whether an error says that a container has no log yet, or none any more.
func notYet(err error) bool { return hasCode(err, http.StatusBadRequest) || gone(err) }

// readLog reads a log once.
func (e *Engine) readLog(ctx context.Context, l logOf, o deploy.LogOptions, line func(deploy.Line)) error {
	q := url.Values{"container": {l.container}, "timestamps": {"true"}}
	if o.Tail >= 0 {
		q.Set("tailLines", strconv.Itoa(o.Tail))
	}
	if o.Follow {
		q.Set("follow", "true")
	}
	if !o.Since.IsZero() {
		q.Set("sinceTime", o.Since.UTC().Format(time.RFC3339))
	}
	answer, err := e.api.open(ctx, http.MethodGet, podPath(l.namespace, l.pod)+"/log", q, "", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	s := bufio.NewScanner(answer.Body)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		stamp, said, _ := strings.Cut(s.Text(), " ")
		when, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			said = s.Text()
		}
		if when.Before(o.Since) && err == nil {
			continue
		}
		line(deploy.Line{Instance: l.instance, Time: when, Text: said})
	}
	return s.Err()
}
