"""How the hub is served, everywhere: few processes with threads, so that a slow upload holds one
thread and not the whole hub."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = False  # database connections must not be shared with forked processes
max_requests = 50_000  # a slow leak ends here; a burst of postbacks does not restart anything
max_requests_jitter = 5_000
timeout = 60
graceful_timeout = 20  # the platform kills 30 seconds after it asked
keepalive = 75  # longer than the router keeps its side open
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112
accesslog = None  # the platform's router keeps one; ours would hold launch links
forwarded_allow_ips = ""  # whose X-Forwarded headers count is decided in app/proxies.py
