# make install, uninstall, deb. DESTDIR stages; PREFIX, SYSCONFDIR as usual.

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
LIBDIR ?= $(PREFIX)/lib
INSTALL := src/install
VERSION := $(shell sed -n 's/.*TOCSIN_VERSION "\(.*\)"/\1/p' include/tocsin/version.h)
INSTALL_NAMES = VERSION=$(VERSION) PREFIX=$(PREFIX) SYSCONFDIR=$(SYSCONFDIR)
L = $(DESTDIR)$(LIBDIR)
D = $(DESTDIR)$(PREFIX)

# Every file outside share/tocsin and the settings; `make uninstall` takes them away again.
INSTALLED = $(D)/sbin/tocsind $(D)/bin/tocsin $(D)/lib/systemd/system/tocsin.service $(D)/lib/sysusers.d/tocsin.conf \
	$(D)/share/man/man8/tocsind.8 $(D)/share/man/man1/tocsin.1 $(D)/share/man/man5/tocsin.conf.5 \
	$(D)/share/man/man3/tocsin-client.3 $(D)/include/tocsin.h $(L)/libtocsin-client.a $(L)/$(CLIENT_SO) \
	$(L)/libtocsin-client.so $(L)/pkgconfig/tocsin-client.pc \
	$(D)/share/bash-completion/completions/tocsin $(D)/share/bash-completion/completions/tocsind \
	$(D)/share/zsh/vendor-completions/_tocsin

.PHONY: install uninstall deb man

MAN := $(addprefix $(OUT)/man/,tocsind.8 tocsin.1 tocsin.conf.5 tocsin-client.3)

man: $(MAN)

$(OUT)/man/%: $(INSTALL)/man/%.in $(INSTALL)/make_man.sh $(OUT)/tocsind $(OUT)/tocsin
	@mkdir -p $(@D)
	$(INSTALL)/make_man.sh $< $(OUT)/tocsind $(OUT)/tocsin $(INSTALL_NAMES) > $@.part
	mv $@.part $@

# The settings of the unit. An installed file is the operator's: it stays as it is.
define SETTINGS
$(OUT)/tocsind --data /var/lib/tocsin --listen unix:/run/tocsin/tocsin.sock --print-config
endef

install: all
	rm -rf $(OUT)/man && $(MAKE) man
	install -d $(dir $(INSTALLED)) $(D)/share/doc/tocsin $(DESTDIR)$(SYSCONFDIR)/tocsin
	install -m 755 $(OUT)/tocsind $(D)/sbin/tocsind
	install -m 755 $(OUT)/tocsin $(D)/bin/tocsin
	install -m 644 $(OUT)/man/tocsind.8 $(D)/share/man/man8/
	install -m 644 $(OUT)/man/tocsin.1 $(D)/share/man/man1/
	install -m 644 $(OUT)/man/tocsin.conf.5 $(D)/share/man/man5/
	install -m 644 $(OUT)/man/tocsin-client.3 $(D)/share/man/man3/
	install -m 644 include/tocsin.h $(D)/include/tocsin.h
	install -m 644 $(OUT)/libtocsin-client.a $(OUT)/$(CLIENT_SO) $(L)/
	ln -sf $(CLIENT_SO) $(L)/libtocsin-client.so
	sed 's|@PREFIX@|$(PREFIX)|g; s|@LIBDIR@|$(LIBDIR)|g; s|@VERSION@|$(VERSION)|g' $(INSTALL)/tocsin-client.pc.in > $(L)/pkgconfig/tocsin-client.pc
	chmod 644 $(L)/pkgconfig/tocsin-client.pc
	install -m 644 $(INSTALL)/completion.bash $(D)/share/bash-completion/completions/tocsin
	ln -sf tocsin $(D)/share/bash-completion/completions/tocsind
	install -m 644 $(INSTALL)/completion.zsh $(D)/share/zsh/vendor-completions/_tocsin
	install -m 644 $(INSTALL)/sysusers.conf $(D)/lib/sysusers.d/tocsin.conf
	sed 's|@PREFIX@|$(PREFIX)|g; s|@SYSCONFDIR@|$(SYSCONFDIR)|g' $(INSTALL)/tocsin.service.in > $(D)/lib/systemd/system/tocsin.service
	chmod 644 $(D)/lib/systemd/system/tocsin.service
	rm -rf $(D)/share/tocsin && install -d $(D)/share/tocsin/examples
	cp -R lua $(D)/share/tocsin/lua && cp -R examples/guangdong $(D)/share/tocsin/examples/ && chmod -R u=rwX,go=rX $(D)/share/tocsin
	install -m 644 README.md LICENSE $(D)/share/doc/tocsin/
	[ -e $(DESTDIR)$(SYSCONFDIR)/tocsin/tocsin.conf ] || { $(SETTINGS) > $(DESTDIR)$(SYSCONFDIR)/tocsin/tocsin.conf && \
		chmod 644 $(DESTDIR)$(SYSCONFDIR)/tocsin/tocsin.conf; }

# Settings and data stay.
uninstall:
	rm -f $(INSTALLED)
	rm -rf $(D)/share/tocsin $(D)/share/doc/tocsin

# ---- build/tocsin_VERSION_ARCH.deb ------------------------------------------------------------------------
DEB := $(OUT)/deb
DEB_ARCH := $(shell dpkg --print-architecture 2>/dev/null)
DEB_LIB := lib/$(shell dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null)

deb: all
	rm -rf $(DEB) && mkdir -p $(DEB)/debian
	$(MAKE) install DESTDIR=$(DEB)/root PREFIX=/usr SYSCONFDIR=/etc LIBDIR=/usr/$(DEB_LIB)
	strip --strip-unneeded $(DEB)/root/usr/sbin/tocsind $(DEB)/root/usr/bin/tocsin $(DEB)/root/usr/$(DEB_LIB)/$(CLIENT_SO)
	strip --strip-debug $(DEB)/root/usr/$(DEB_LIB)/libtocsin-client.a
	gzip -9n $(DEB)/root/usr/share/man/man?/*
	mv $(DEB)/root/usr/share/doc/tocsin/LICENSE $(DEB)/root/usr/share/doc/tocsin/copyright
	printf 'Source: tocsin\n\nPackage: tocsin\nArchitecture: any\n' > $(DEB)/debian/control
	install -d $(DEB)/root/DEBIAN
	echo /etc/tocsin/tocsin.conf > $(DEB)/root/DEBIAN/conffiles
	echo activate-noawait ldconfig > $(DEB)/root/DEBIAN/triggers
	install -m 755 $(INSTALL)/deb/postinst $(INSTALL)/deb/prerm $(INSTALL)/deb/postrm $(DEB)/root/DEBIAN/
	depends=$$(cd $(DEB) && dpkg-shlibdeps -O root/usr/sbin/tocsind root/usr/bin/tocsin root/usr/$(DEB_LIB)/$(CLIENT_SO) | sed 's/^shlibs:Depends=//') && \
	sed "s/@VERSION@/$(VERSION)/; s/@ARCH@/$(DEB_ARCH)/; s/@SIZE@/$$(du -sk $(DEB)/root | cut -f1)/; s/@DEPENDS@/$$depends/" \
		$(INSTALL)/deb/control.in > $(DEB)/root/DEBIAN/control
	dpkg-deb --root-owner-group --build $(DEB)/root $(OUT)/tocsin_$(VERSION)_$(DEB_ARCH).deb
