// Command tmc-tui draws the state of a control plane in a terminal, again and again.
//
// Owner: OWNER
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/kcp-lite/pkg/health"
	"example.com/kcp-lite/pkg/metrics"
)

const clear = "\x1b[H\x1b[2J"

func main() {
	server := flag.String("server", "http://127.0.0.1:8080", "URL of the control plane")
	every := flag.Duration("every", 2*time.Second, "time between two drawings")
	flag.Parse()
	for {
		screen := look(context.Background(), http.DefaultClient, *server)
		fmt.Print(clear + draw(screen, 60))
		time.Sleep(*every)
	}
}

// screen is what one drawing shows.
type screen struct {
	checks []health.Result
	values []sample
}

type sample struct {
	name  string
	value float64
}

// look asks the control plane; what cannot be had is a check that failed.
func look(ctx context.Context, client *http.Client, server string) screen {
	checks := &health.Checks{Timeout: 5 * time.Second}
	var out screen
	checks.Add("ready", func(ctx context.Context) error {
		_, err := get(ctx, client, server+"/readyz")
		return err
	})
	checks.Add("metrics", func(ctx context.Context) error {
		text, err := get(ctx, client, server+"/metrics")
		out.values = parse(text)
		return err
	})
	out.checks = checks.Run(ctx)
	return out
}

func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(body)))
	}
	return string(body), err
}

// parse reads the text format of Prometheus; lines that it does not understand are left out.
func parse(text string) []sample {
	var out []sample
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		at := strings.LastIndex(lines.Text(), " ")
		if at < 0 || strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		if value, err := strconv.ParseFloat(lines.Text()[at+1:], 64); err == nil {
			out = append(out, sample{lines.Text()[:at], value})
		}
	}
	return out
}

// draw makes text of a width; nothing from outside can steer the terminal.
func draw(one screen, width int) string {
	var out strings.Builder
	out.WriteString(fit("kcp-lite", width) + "\n" + strings.Repeat("-", width) + "\n")
	for _, check := range one.checks {
		line := "[ok]   " + check.Name
		if check.Err != nil {
			line = "[FAIL] " + check.Name + ": " + check.Err.Error()
		}
		out.WriteString(fit(line, width) + "\n")
	}
	for _, one := range one.values {
		line := fmt.Sprintf("%-*s %8.0f", width-9, fit(one.name, width-9), one.value)
		if strings.HasPrefix(one.name, metrics.Failed) && one.value > 0 {
			line = fit("! "+line, width)
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

func fit(text string, width int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "~"
	}
	return text
}
