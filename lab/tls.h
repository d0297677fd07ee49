/* Self-signed certificates of the devices, made at start. */
#pragma once

#include "lab/device.h"

/* A TLS server context with a certificate as the device's record describes it. */
enum err tls_new(const struct device *device, SSL_CTX **ret_context) MUST_CHECK;
/* Forgets the key that all certificates share. */
void tls_release(void);
