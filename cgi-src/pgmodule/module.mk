# The server module foyerctx.so. Included by the Makefile, or used alone:
#   make -f cgi-src/pgmodule/module.mk
PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)

build/lib/foyerctx.so: cgi-src/pgmodule/foyerctx.c cgi-src/pgmodule/module.mk
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -Wall -Wextra -Wshadow -Werror -fPIC -shared \
	    -fstack-protector-strong -Wl,-z,relro,-z,now \
	    -isystem $$($(PG_CONFIG) --includedir-server) -o $@ $<
