//go:build linux

package main

const nginxConfig = `daemon off;
{{if .Root}}user root;
{{end}}worker_processes 1;
pid {{.Dir}}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path {{.Dir}}/body;
  proxy_temp_path {{.Dir}}/proxy;
  fastcgi_temp_path {{.Dir}}/fastcgi;
  uwsgi_temp_path {{.Dir}}/uwsgi;
  scgi_temp_path {{.Dir}}/scgi;
  upstream origin {
    server {{.Origin}};
    keepalive 64;
    keepalive_requests 1000000;
  }
  server {
    listen {{.Listen}}{{if .TLS}} ssl http2;
    ssl_certificate {{.Cert}};
    ssl_certificate_key {{.Key}}{{end}};
    server_name {{.Host}};
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }
}
`

const haproxyConfig = `global
  nbthread 1
  maxconn 1024
defaults
  mode http
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind {{.Listen}}{{if .TLS}} ssl crt {{.Both}} alpn h2,http/1.1{{end}}
  http-request set-header X-Forwarded-Proto {{if .TLS}}https{{else}}http{{end}}
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  use_backend origin if { hdr(host) -i {{.Host}} }
backend origin
  http-reuse always
  server origin {{.Origin}}
`

const caddyConfig = `{
  admin off
  auto_https off
  persist_config off
}
{{if .TLS}}https{{else}}http{{end}}://{{.Host}}:{{.Port}} {
  bind 127.0.0.1
{{- if .TLS}}
  tls {{.Cert}} {{.Key}}
{{- end}}
  reverse_proxy {{.Origin}}
}
`

const porticoConfig = `[server]
{{if .TLS}}https{{else}}http{{end}} = "{{.Listen}}"
{{if .TLS}}
[cert.bench]
cert = "{{.Cert}}"
key  = "{{.Key}}"
{{end}}
[route.bench]
host = "{{.Host}}"
to   = "http://{{.Origin}}"
{{if .TLS}}cert = "bench"
{{end}}`
